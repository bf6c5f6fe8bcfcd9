// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "db/unit_of_work/property_model.hpp"

namespace kin::test::uow_property {

/// One action; its numbers choose among what is there when it runs, so that any list of commands makes sense
/// and a shorter one still does.
struct Command {
  int action = 0;
  int a = 0;
  int b = 0;
  int c = 0;
};
std::ostream& operator<<(std::ostream& out, const Command& command);
inline constexpr int actions = 32;

/// Runs commands on a manager and on a model, and compares them after each flush. Throws std::runtime_error,
/// which says how they differ, and tells in trace() what was done until then.
class Session {
 public:
  /// `statements` counts what `work` sends.
  using Counter = std::function<std::size_t(const std::function<void()>& work)>;
  Session(Orm& orm, Counter statements);

  void run(const std::vector<Command>& commands);
  const std::string& trace() const { return trace_; }
  /// Flushes after which everything was compared.
  int checks() const { return checks_; }

 private:
  using Filter = std::function<bool(const Node&)>;
  template <class T>
  static constexpr Kind kind_of();
  template <class T>
  Ref<T> ref(int node);
  template <class T>
  void hold(int node, Ref<T> entity);
  template <class T>
  int node_of(Ref<T> entity);
  template <class T>
  void learn(Ref<T> entity);
  template <class T>
  void made(Node node, Ref<T> entity);
  template <class Visit>
  void visit(int node, Visit&& visit);

  void note(std::string text);
  std::string name(int node) const;
  [[noreturn]] void fail(const std::string& what);
  void expect(bool condition, const std::string& what);
  int pick(int number, const Filter& filter);
  int pick_live(Kind kind, int number);
  void acquire(int node);

  void run(const Command& command);
  void create(const Command& command);
  void create_person(const Command& command, Node node);
  void change(const Command& command);
  void assign(const Command& command);
  void assign_badge(int person, int number);
  void add(const Command& command);
  void take(const Command& command);
  void set(const Command& command);
  template <class Owner, class Item, auto Member>
  void set_children(int owner, std::size_t slot, int number);
  void set_skills(const Command& command);
  void assign_holder(const Command& command);
  void remove(int node);
  bool may_remove(int node) const;
  void persist(const Command& command);
  bool may_persist(int node) const;
  void create_again(const Command& command);
  void create_twice(const Command& command);
  void exchange(const Command& command);
  void take_number(const Command& command);
  void repeat_number(const Command& command);
  void conflict(const Command& command);
  bool key_changes_hands() const;
  void populate(const Command& command);
  void begin();
  void commit();
  void roll_back();
  void clear();
  void flush();
  void fail_flush(const Verdict& verdict);
  void mend(const Verdict& verdict);
  void set_number(int node, std::optional<int> number);
  void set_parent(int node, int parent);

  void check();
  void check_rows();
  void check_fresh();
  void check_memory();
  template <class T>
  void check_reference(int node, std::size_t slot, Ref<T> actual);
  template <class T, class F>
  void check_items(int node, const Collection<T>& items, F&& belongs);

  Orm& orm_;
  Counter statements_;
  EntityManager em_;
  Model model_{};
  std::vector<Model> before_{};  ///< the model at the begin of each open transaction
  std::tuple<std::map<int, Ref<Team>>, std::map<int, Ref<Person>>, std::map<int, Ref<Badge>>,
             std::map<int, Ref<Skill>>, std::map<int, Ref<Job>>, std::map<int, Ref<Step>>>
      refs_{};
  int fresh_ = 0;
  int checks_ = 0;
  std::string trace_{};
};

}  // namespace kin::test::uow_property
