// SPDX-License-Identifier: MIT
#pragma once

#include <kin/kin.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// Entities with every sort of relation, and what a unit of work should make of them, in plain containers.
namespace kin::test::uow_property {

struct Person;
struct Badge;
struct Skill;
struct Job;
struct Step;

struct Address {
  std::string city{};
  std::optional<int> zip{};
};

struct Team {
  std::int64_t id{};
  std::string name{};
  std::optional<int> code{};  ///< unique: may be exchanged, since it may be null
  Address home{};
  int version{};
  Collection<Person> people{};
  Collection<Job> jobs{};  ///< live and die with the team
};

struct Person {
  std::int64_t id{};
  std::string name{};
  std::optional<int> age{};
  Ref<Team> team{};
  Ref<Person> boss{};
  Collection<Person> reports{};
  Ref<Badge> badge{};
  Collection<Skill> skills{};
};

struct Badge {
  std::int64_t id{};
  int number{};  ///< unique: may be handed on, but not exchanged
  Ref<Person> holder{};
};

struct Skill {
  std::string code{};
  std::string name{};
  Collection<Person> people{};
};

struct Job {
  std::int64_t id{};
  std::string title{};
  std::optional<int> priority{};
  Ref<Team> team{};
  Collection<Step> steps{};
};

struct Step {
  Ref<Job> job{};
  int number{};
  std::string body{};
};

inline void describe(Schema<Team>& team) {
  team.on<&Team::code>(unique);
  team.on<&Team::version>(version);
  team.on<&Team::people>(mapped_by<&Person::team>);
  team.on<&Team::jobs>(mapped_by<&Job::team>, cascade(Cascade::all), orphan_removal);
}
inline void describe(Schema<Person>& person) {
  person.on<&Person::team>(nullable());
  person.on<&Person::boss>(nullable());
  person.on<&Person::reports>(mapped_by<&Person::boss>);
  person.on<&Person::badge>(one_to_one, nullable());
  person.on<&Person::skills>(pivot_table("person_skill"));
}
inline void describe(Schema<Badge>& badge) {
  badge.on<&Badge::number>(unique);
  badge.on<&Badge::holder>(one_to_one, mapped_by<&Person::badge>);
}
inline void describe(Schema<Skill>& skill) {
  skill.on<&Skill::code>(primary_key, length(20));
  skill.on<&Skill::people>(mapped_by<&Person::skills>);
}
inline void describe(Schema<Job>& job) {
  job.on<&Job::team>(delete_rule(Rule::cascade));
  job.on<&Job::steps>(mapped_by<&Step::job>, cascade(Cascade::all), orphan_removal);
}
inline void describe(Schema<Step>& step) {
  step.on<&Step::job>(primary_key, delete_rule(Rule::cascade));
  step.on<&Step::number>(primary_key);
}

inline constexpr EntityList entities = kin::entities<Team, Person, Badge, Skill, Job, Step>;

enum class Kind : std::uint8_t { team, person, badge, skill, job, step };
inline constexpr std::size_t kinds = 6;

inline constexpr int none = -1;
/// Places in Values::references: a job's team and a step's job stand first.
inline constexpr std::size_t to_parent = 0;
inline constexpr std::size_t to_boss = 1;
inline constexpr std::size_t to_badge = 2;

/// The columns of a row of whatever kind.
struct Values {
  std::string text{};
  std::optional<int> number{};
  std::string city{};
  std::optional<int> zip{};
  std::array<int, 3> references{none, none, none};  ///< places in Model::nodes
  std::set<int> skills{};
  friend bool operator==(const Values&, const Values&) = default;
};

enum class State : std::uint8_t {
  loose,      ///< made by create_detached and reached by nothing yet
  pending,    ///< inserted by the next flush
  managed,    ///< has a row
  removed,    ///< has a row that the next flush deletes
  forgotten,  ///< was removed before it had a row
  gone
};

struct Node {
  Kind kind{};
  State state{};
  Values now{};
  std::optional<Values> stored{};
  int version = 0;
  std::int64_t id = 0;
  std::string code{};   ///< key of a skill
  bool held = false;    ///< the manager under test knows it
  bool orphan = false;  ///< a collection with orphan removal let it go
  bool unseen = false;  ///< a reference was assigned that the other side hears of at the flush
  bool locked = false;  ///< its one-to-one relation was assigned from the inverse side
  bool sunk = false;    ///< its deletion was rolled back, and so pends again
  int home = none;      ///< of a step: its job

  bool is_live() const { return state == State::pending || state == State::managed; }
  bool must_have_parent() const { return kind == Kind::job || kind == Kind::step; }
};

/// What a flush would say.
struct Verdict {
  enum class Sort : std::uint8_t { fine, refused, duplicate } sort = Sort::fine;
  int culprit = none;
  std::optional<std::size_t> reference{};  ///< what is wrong with the culprit; else its number
};

class Model {
 public:
  std::vector<Node> nodes{};

  int add(Node node);
  const Node& operator[](int node) const { return nodes[static_cast<std::size_t>(node)]; }
  Node& operator[](int node) { return nodes[static_cast<std::size_t>(node)]; }
  int size() const { return static_cast<int>(nodes.size()); }

  void remove(int node);
  /// Takes remove() back.
  void persist(int node);
  /// The person that holds a badge.
  int holder(int badge) const;
  /// Whether the person's badge is other than its row says.
  bool badge_changed(int person) const;

  Verdict verdict() const;
  /// What a flush that succeeds does to rows and memory.
  void write();
  /// What a flush that fails leaves behind.
  void attempt();
  void clear();
  /// A transaction's end that undoes the rows; `before` is the model at its begin.
  void roll_back(const Model& before);

  /// Rows as text, by table.
  std::map<std::string, std::multiset<std::string>> rows() const;
  std::string key(int node) const;

 private:
  void settle();
  void leave_orphans();
  void reach();
  void take_children_along();
  void release_partners();
  void forget_gone();
  template <class Visit>
  void for_each_neighbour(int node, Visit&& visit) const;
  std::optional<Verdict> bad_reference() const;
  std::optional<Verdict> exchanged_numbers() const;
  std::optional<Verdict> duplicate() const;
};

/// As Model::rows: the text of one row, whose fields are in the order of the table's columns.
std::string number_text(const std::optional<int>& number);

}  // namespace kin::test::uow_property
