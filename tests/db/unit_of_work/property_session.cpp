// SPDX-License-Identifier: MIT
#include "db/unit_of_work/property_session.hpp"

#include <algorithm>
#include <ostream>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

namespace kin::test::uow_property {

std::ostream& operator<<(std::ostream& out, const Command& command) {
  return out << '{' << command.action << ',' << command.a << ',' << command.b << ',' << command.c << '}';
}

Session::Session(Orm& orm, Counter statements)
    : orm_(orm), statements_(std::move(statements)), em_(orm.em()) {
  for (const char* table : {"person_skill", "step", "job"}) em_.execute(fmt::format("delete from {}", table));
  em_.execute("update person set boss_id = null");
  for (const char* table : {"person", "badge", "skill", "team"})
    em_.execute(fmt::format("delete from {}", table));
}

void Session::run(const std::vector<Command>& commands) {
  for (const Command& command : commands) run(command);
  flush();
  while (!before_.empty()) commit();
  check();
}

void Session::run(const Command& command) {
  switch (command.action) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
      return create(command);
    case 5:
    case 6:
      return change(command);
    case 7:
    case 8:
    case 9:
    case 10:
      return assign(command);
    case 11:
    case 12:
      return add(command);
    case 13:
      return take(command);
    case 14:
    case 15:
      return set(command);
    case 16:
      return assign_holder(command);
    case 17:
    case 18: {
      const int node = pick(command.a, [](const Node& candidate) { return candidate.is_live(); });
      if (node != none && may_remove(node)) remove(node);
      return;
    }
    case 19:
      return persist(command);
    case 20:
      return create_again(command);
    case 21:
      return create_twice(command);
    case 22:
      return exchange(command);
    case 23:
      return take_number(command);
    case 24:
      return repeat_number(command);
    case 25:
      return conflict(command);
    case 26:
      return populate(command);
    case 27:
      return begin();
    case 28:
      return command.a % 2 == 0 ? roll_back() : commit();
    case 29:
      return clear();
    default:
      return flush();
  }
}

// Handles.

template <class T>
constexpr Kind Session::kind_of() {
  if constexpr (std::is_same_v<T, Team>) return Kind::team;
  if constexpr (std::is_same_v<T, Person>) return Kind::person;
  if constexpr (std::is_same_v<T, Badge>) return Kind::badge;
  if constexpr (std::is_same_v<T, Skill>) return Kind::skill;
  if constexpr (std::is_same_v<T, Job>) return Kind::job;
  return Kind::step;
}

template <class T>
Ref<T> Session::ref(int node) {
  if (node == none) return nullptr;
  acquire(node);
  return std::get<std::map<int, Ref<T>>>(refs_).at(node);
}

template <class T>
void Session::hold(int node, Ref<T> entity) {
  std::get<std::map<int, Ref<T>>>(refs_)[node] = entity;
  model_[node].held = true;
}

/// Calls visit with the entity of a node that is held.
template <class Visit>
void Session::visit(int node, Visit&& visit) {
  switch (model_[node].kind) {
    case Kind::team:
      return visit(ref<Team>(node));
    case Kind::person:
      return visit(ref<Person>(node));
    case Kind::badge:
      return visit(ref<Badge>(node));
    case Kind::skill:
      return visit(ref<Skill>(node));
    case Kind::job:
      return visit(ref<Job>(node));
    case Kind::step:
      return visit(ref<Step>(node));
  }
}

template <class T>
int Session::node_of(Ref<T> entity) {
  for (const auto& [node, held] : std::get<std::map<int, Ref<T>>>(refs_))
    if (held == entity) return node;
  for (int i = 0; i < model_.size(); ++i) {
    const Node& node = model_[i];
    if (node.kind != kind_of<T>() || node.held || !node.stored) continue;
    bool same = false;
    if constexpr (std::is_same_v<T, Skill>) {
      same = node.code == entity.unwrap().code;
    } else if constexpr (std::is_same_v<T, Step>) {
      same = node.now.number == entity.unwrap().number &&
             model_[node.home].id == entity.unwrap().job.unwrap().id;
    } else {
      same = node.id == entity.unwrap().id;
    }
    if (same) return i;
  }
  return none;
}

/// An entity that a read brought along.
template <class T>
void Session::learn(Ref<T> entity) {
  if (!entity.is_initialized()) return;
  const int node = node_of(entity);
  expect(node != none, "a read brought an entity that should not be there");
  if (!model_[node].held) hold(node, entity);
}

template <class T>
void Session::made(Node node, Ref<T> entity) {
  const int place = model_.add(std::move(node));
  hold(place, entity);
  note(fmt::format("{} {}", model_[place].state == State::loose ? "create_detached" : "create", name(place)));
}

void Session::acquire(int node) {
  Node& wanted = model_[node];
  if (wanted.held) return;
  note("find " + name(node));
  const auto found = [&](auto entity) {
    expect(static_cast<bool>(entity), "a stored row was not found");
    hold(node, entity);
  };
  switch (wanted.kind) {
    case Kind::team:
      return found(em_.find_one<Team>(wanted.id));
    case Kind::person:
      return found(em_.find_one<Person>(wanted.id));
    case Kind::badge:
      return found(em_.find_one<Badge>(wanted.id));
    case Kind::skill:
      return found(em_.find_one<Skill>(wanted.code));
    case Kind::job:
      return found(em_.find_one<Job>(wanted.id));
    case Kind::step: {
      acquire(wanted.home);
      auto step = em_.get_reference<Step>(model_[wanted.home].id, *wanted.now.number);
      expect(step.load(), "a stored row was not found");
      return found(step);
    }
  }
}

void Session::note(std::string text) { trace_ += "  " + std::move(text) + "\n"; }

std::string Session::name(int node) const {
  if (node == none) return "null";
  static constexpr const char* names[] = {"team", "person", "badge", "skill", "job", "step"};
  return fmt::format("{}{}", names[static_cast<std::size_t>(model_[node].kind)], node);
}

void Session::fail(const std::string& what) { throw std::runtime_error(what); }

void Session::expect(bool condition, const std::string& what) {
  if (!condition) fail(what);
}

int Session::pick(int number, const Filter& filter) {
  std::vector<int> candidates;
  for (int i = 0; i < model_.size(); ++i)
    if (!model_[i].sunk && model_[i].state != State::gone && filter(model_[i])) candidates.push_back(i);
  if (candidates.empty()) return none;
  const int node = candidates[static_cast<std::size_t>(number) % candidates.size()];
  acquire(node);
  return node;
}

int Session::pick_live(Kind kind, int number) {
  return pick(number, [kind](const Node& node) { return node.kind == kind && node.is_live(); });
}

// Creation and plain members.

void Session::create(const Command& command) {
  Node node;
  node.kind = static_cast<Kind>(command.a % static_cast<int>(kinds));
  node.state = command.c % 5 == 4 ? State::loose : State::pending;
  const int number = ++fresh_;
  node.now.text = fmt::format("n{}", number);
  const bool loose = node.state == State::loose;
  const auto make = [&]<class T>(T value) {
    return loose ? em_.create_detached<T>(std::move(value)) : em_.create<T>(std::move(value));
  };
  switch (node.kind) {
    case Kind::team: {
      if (command.b % 3 != 0) node.now.number = number;
      node.now.city = "c";
      if (command.b % 2 != 0) node.now.zip = command.b;
      return made(node, make(Team{.name = node.now.text,
                                  .code = node.now.number,
                                  .home = {.city = node.now.city, .zip = node.now.zip}}));
    }
    case Kind::person:
      return create_person(command, node);
    case Kind::badge:
      node.now.number = number;
      return made(node, make(Badge{.number = number}));
    case Kind::skill:
      node.code = fmt::format("s{}", number);
      return made(node, make(Skill{.code = node.code, .name = node.now.text}));
    case Kind::job: {
      const int team = pick_live(Kind::team, command.b);
      if (team == none) return;
      node.now.references[to_parent] = team;
      return made(node, make(Job{.title = node.now.text, .team = ref<Team>(team)}));
    }
    case Kind::step: {
      const int job = pick_live(Kind::job, command.b);
      if (job == none) return;
      node.now.references[to_parent] = node.home = job;
      node.now.number = number;
      return made(node, make(Step{.job = ref<Job>(job), .number = number, .body = node.now.text}));
    }
  }
}

void Session::create_person(const Command& command, Node node) {
  const bool loose = node.state == State::loose;
  auto& to = node.now.references;
  if (command.b % 3 != 0) to[to_parent] = pick_live(Kind::team, command.b);
  if (command.b % 4 == 1) to[to_boss] = pick_live(Kind::person, command.c);
  if (command.b % 4 == 2 && !loose) {
    const int badge = pick(command.c, [&](const Node& candidate) {
      return candidate.kind == Kind::badge && candidate.is_live() && !candidate.locked;
    });
    const int holder = badge == none ? none : model_.holder(badge);
    if (holder == none || (!model_[holder].locked && !model_[holder].sunk && !model_.badge_changed(holder))) {
      to[to_badge] = badge;
      if (holder != none) acquire(holder);
      if (holder != none) model_[holder].now.references[to_badge] = none;
    }
  }
  if (command.b % 5 == 3) {
    const int skill = pick_live(Kind::skill, command.c);
    if (skill != none) node.now.skills.insert(skill);
  }
  Person person{.name = node.now.text,
                .team = ref<Team>(to[to_parent]),
                .boss = ref<Person>(to[to_boss]),
                .badge = ref<Badge>(to[to_badge])};
  for (const int skill : node.now.skills) person.skills.add(ref<Skill>(skill));
  made(node, loose ? em_.create_detached<Person>(std::move(person)) : em_.create<Person>(std::move(person)));
  const int made_node = model_.size() - 1;
  note(fmt::format("  team {} boss {} badge {} skills {}", name(to[to_parent]), name(to[to_boss]),
                   name(to[to_badge]), model_[made_node].now.skills.size()));
}

void Session::set_number(int node, std::optional<int> number) {
  note(fmt::format("{} number = {}", name(node), number_text(number)));
  model_[node].now.number = number;
  switch (model_[node].kind) {
    case Kind::team:
      ref<Team>(node)->code = number;
      break;
    case Kind::person:
      ref<Person>(node)->age = number;
      break;
    case Kind::badge:
      ref<Badge>(node)->number = *number;
      break;
    case Kind::job:
      ref<Job>(node)->priority = number;
      break;
    default:
      break;
  }
}

void Session::change(const Command& command) {
  const int node = pick(command.a, [](const Node& candidate) { return candidate.is_live(); });
  if (node == none) return;
  Node& changed = model_[node];
  const bool is_number = command.b % 2 == 0 && changed.kind != Kind::skill && changed.kind != Kind::step;
  if (is_number || changed.kind == Kind::badge) {
    const bool null = command.c % 3 == 0 && changed.kind != Kind::badge;
    return set_number(node, null ? std::nullopt : std::optional(++fresh_));
  }
  changed.now.text = fmt::format("n{}", ++fresh_);
  note(fmt::format("{} text = {}", name(node), changed.now.text));
  switch (changed.kind) {
    case Kind::team: {
      auto team = ref<Team>(node);
      team->name = changed.now.text;
      changed.now.zip = command.c % 3 == 0 ? std::nullopt : std::optional(command.c);
      team->home.zip = changed.now.zip;
      break;
    }
    case Kind::person:
      ref<Person>(node)->name = changed.now.text;
      break;
    case Kind::skill:
      ref<Skill>(node)->name = changed.now.text;
      break;
    case Kind::job:
      ref<Job>(node)->title = changed.now.text;
      break;
    case Kind::step:
      ref<Step>(node)->body = changed.now.text;
      break;
    case Kind::badge:
      break;
  }
}

// References.

void Session::set_parent(int node, int parent) {
  note(fmt::format("{} team = {}", name(node), name(parent)));
  model_[node].now.references[to_parent] = parent;
  model_[node].unseen = true;
  if (model_[node].kind == Kind::job) {
    ref<Job>(node)->team = ref<Team>(parent);
  } else {
    ref<Person>(node)->team = ref<Team>(parent);
  }
}

void Session::assign(const Command& command) {
  const int node = pick(command.a, [](const Node& candidate) {
    return candidate.is_live() && (candidate.kind == Kind::person || candidate.kind == Kind::job);
  });
  if (node == none) return;
  if (model_[node].kind == Kind::job) {
    const bool null = command.c % 16 == 15;
    return set_parent(node, null ? none : pick_live(Kind::team, command.b));
  }
  const bool null = command.c % 4 == 3;
  if (command.c % 3 == 0) {
    // Now and then one that the flush has to refuse.
    const bool any = command.c % 8 == 1;
    const int team = pick(command.b, [&](const Node& candidate) {
      return candidate.kind == Kind::team &&
             (candidate.is_live() || (any && candidate.state == State::removed));
    });
    return set_parent(node, null ? none : team);
  }
  if (command.c % 3 == 1) {
    const int boss = null ? none : pick_live(Kind::person, command.b);
    note(fmt::format("{} boss = {}", name(node), name(boss)));
    model_[node].now.references[to_boss] = boss;
    model_[node].unseen = true;
    ref<Person>(node)->boss = ref<Person>(boss);
    return;
  }
  assign_badge(node, null ? none : command.b);
}

void Session::assign_badge(int person, int number) {
  if (model_[person].locked) return;
  const int badge = number == none ? none : pick(number, [&](const Node& candidate) {
    return candidate.kind == Kind::badge && candidate.is_live() && !candidate.locked;
  });
  if (badge != none) {
    for (int i = 0; i < model_.size(); ++i) {
      const Node& other = model_[i];
      if (i == person || other.now.references[to_badge] != badge || other.state == State::gone) continue;
      // Who of two gets it is nobody's to say.
      if (other.locked || other.sunk || !other.is_live() || model_.badge_changed(i)) return;
      acquire(i);
    }
  }
  note(fmt::format("{} badge = {}", name(person), name(badge)));
  model_[person].now.references[to_badge] = badge;
  model_[person].unseen = true;
  ref<Person>(person)->badge = ref<Badge>(badge);
}

/// From the side that has no column.
void Session::assign_holder(const Command& command) {
  const auto settled = [&](const Node& candidate) {
    const bool person = candidate.kind == Kind::person;
    return candidate.is_live() && !candidate.locked && !candidate.unseen &&
           (person || candidate.kind == Kind::badge) &&
           (!person || (candidate.stored &&
                        candidate.stored->references[to_badge] == candidate.now.references[to_badge]));
  };
  const int badge =
      pick(command.a, [&](const Node& node) { return node.kind == Kind::badge && settled(node); });
  if (badge == none) return;
  const int before = model_.holder(badge);
  if (before != none && !settled(model_[before])) return;
  const int person = command.c % 4 == 3 ? none : pick(command.b, [&](const Node& node) {
    return node.kind == Kind::person && settled(node);
  });
  if (person == before) return;
  const int old_badge = person == none ? none : model_[person].now.references[to_badge];
  if (old_badge != none && !settled(model_[old_badge])) return;
  for (int i = 0; i < model_.size(); ++i)
    if (model_[i].now.references[to_badge] == badge && i != before && model_[i].state != State::gone) return;
  for (const int node : {before, old_badge})
    if (node != none) acquire(node);
  note(fmt::format("{} holder = {}", name(badge), name(person)));
  ref<Badge>(badge)->holder = ref<Person>(person);
  if (command.c % 2 == 1 && person != none) ref<Person>(person)->badge = ref<Badge>(badge);
  if (before != none) model_[before].now.references[to_badge] = none;
  if (person != none) model_[person].now.references[to_badge] = badge;
  for (const int node : {badge, before, person, old_badge})
    if (node != none) model_[node].locked = true;
}

// Collections.

void Session::add(const Command& command) {
  const auto usable = [](const Node& node) { return node.is_live() || node.state == State::loose; };
  const int owner = pick(command.a, [&](const Node& node) {
    return usable(node) && (node.kind == Kind::team || node.kind == Kind::person ||
                            node.kind == Kind::skill || (node.kind == Kind::job && node.is_live()));
  });
  if (owner == none) return;
  const auto item_of = [&](Kind kind) {
    return pick(command.b, [&](const Node& node) { return node.kind == kind && usable(node); });
  };
  const auto adopt = [&](int item, std::size_t slot) {
    note(fmt::format("{} adds {}", name(owner), name(item)));
    model_[item].now.references[slot] = owner;
  };
  switch (model_[owner].kind) {
    case Kind::team: {
      const int item = item_of(command.c % 2 == 0 ? Kind::person : Kind::job);
      if (item == none) return;
      adopt(item, to_parent);
      if (model_[item].kind == Kind::job) {
        ref<Team>(owner)->jobs.add(ref<Job>(item));
      } else {
        ref<Team>(owner)->people.add(ref<Person>(item));
      }
      return;
    }
    case Kind::job: {
      const int step = pick(
          command.b, [&](const Node& node) { return node.orphan && node.home == owner && usable(node); });
      if (step == none) return;
      adopt(step, to_parent);
      ref<Job>(owner)->steps.add(ref<Step>(step));
      return;
    }
    case Kind::skill: {
      const int person = item_of(Kind::person);
      if (person == none) return;
      note(fmt::format("{} adds {}", name(owner), name(person)));
      ref<Skill>(owner)->people.add(ref<Person>(person));
      model_[person].now.skills.insert(owner);
      return;
    }
    default:
      break;
  }
  if (command.c % 2 == 0) {
    const int person = item_of(Kind::person);
    adopt(person, to_boss);
    ref<Person>(owner)->reports.add(ref<Person>(person));
    return;
  }
  const int skill = item_of(Kind::skill);
  if (skill == none) return;
  note(fmt::format("{} adds {}", name(owner), name(skill)));
  ref<Person>(owner)->skills.add(ref<Skill>(skill));
  model_[owner].now.skills.insert(skill);
}

void Session::take(const Command& command) {
  const int item = pick(command.a, [&](const Node& node) {
    const bool child = node.now.references[to_parent] != none || node.now.references[to_boss] != none;
    return node.is_live() && (child || !node.now.skills.empty());
  });
  if (item == none) return;
  Node& node = model_[item];
  if (!node.now.skills.empty() && command.b % 3 == 0) {
    const int skill = *node.now.skills.begin();
    if (model_[skill].sunk) return;
    acquire(skill);
    note(fmt::format("{} and {} part", name(item), name(skill)));
    const bool taken = command.c % 2 == 0 ? ref<Person>(item)->skills.remove(ref<Skill>(skill))
                                          : ref<Skill>(skill)->people.remove(ref<Person>(item));
    expect(taken, "remove() did not find the item");
    node.now.skills.erase(skill);
    return;
  }
  const std::size_t slot = command.b % 3 == 1 ? to_boss : to_parent;
  const int owner = node.now.references[slot];
  if (owner == none || model_[owner].sunk || model_[owner].state >= State::removed) return;
  acquire(owner);
  note(fmt::format("{} lets {} go", name(owner), name(item)));
  bool taken = false;
  if (slot == to_boss) {
    taken = ref<Person>(owner)->reports.remove(ref<Person>(item));
  } else if (node.kind == Kind::person) {
    taken = ref<Team>(owner)->people.remove(ref<Person>(item));
  } else if (node.kind == Kind::job) {
    taken = ref<Team>(owner)->jobs.remove(ref<Job>(item));
  } else {
    taken = ref<Job>(owner)->steps.remove(ref<Step>(item));
  }
  expect(taken, "remove() did not find the item");
  node.now.references[slot] = none;
  node.orphan = node.must_have_parent();
}

template <class Owner, class Item, auto Member>
void Session::set_children(int owner, std::size_t slot, int number) {
  auto& collection = (*ref<Owner>(owner)).*Member;
  if (!collection.is_initialized()) {
    note("load " + name(owner));
    collection.load();
  }
  // What the user sees: a reference that was assigned since is heard of at the flush only.
  std::vector<int> seen;
  for (Ref<Item> item : collection) learn(item);
  for (Ref<Item> item : collection) seen.push_back(node_of(item));
  std::vector<int> wanted;
  for (int i = 0; i < model_.size(); ++i) {
    const Node& node = model_[i];
    if (node.kind != kind_of<Item>() || !node.is_live() || node.sunk) continue;
    if ((number >> (wanted.size() % 5)) % 2 == 0) continue;
    wanted.push_back(i);
  }
  std::vector<Ref<Item>> items;
  std::string text;
  for (const int item : wanted) {
    items.push_back(ref<Item>(item));
    text += " " + name(item);
  }
  note(fmt::format("{} set {}:{}", name(owner), slot, text));
  collection.set(items);
  for (const int item : seen) {
    if (item == none || std::find(wanted.begin(), wanted.end(), item) != wanted.end()) continue;
    Node& node = model_[item];
    if (node.now.references[slot] == owner) node.now.references[slot] = none;
    node.orphan = node.orphan || node.must_have_parent();
  }
  for (const int item : wanted) model_[item].now.references[slot] = owner;
}

void Session::set_skills(const Command& command) {
  const bool owning = command.c % 2 == 0;
  const int owner = pick_live(owning ? Kind::person : Kind::skill, command.a);
  if (owner == none) return;
  std::vector<int> others;
  for (int i = 0; i < model_.size(); ++i) {
    const Node& node = model_[i];
    if (node.kind == (owning ? Kind::skill : Kind::person) && node.is_live() && !node.sunk)
      others.push_back(i);
  }
  std::erase_if(others, [&](int other) { return (command.b >> (other % 5)) % 2 == 0; });
  std::string text;
  for (const int other : others) text += " " + name(other);
  note(fmt::format("{} set:{}", name(owner), text));
  const auto apply = [&]<class Item>(Collection<Item>& collection) {
    collection.load();
    for (Ref<Item> item : collection) learn(item);
    std::vector<Ref<Item>> items;
    for (const int other : others) items.push_back(ref<Item>(other));
    collection.set(items);
  };
  if (owning) {
    apply(ref<Person>(owner)->skills);
    model_[owner].now.skills = {others.begin(), others.end()};
    return;
  }
  apply(ref<Skill>(owner)->people);
  for (Node& node : model_.nodes) node.now.skills.erase(owner);
  for (const int other : others) model_[other].now.skills.insert(owner);
}

void Session::set(const Command& command) {
  if (key_changes_hands()) return;
  if (command.c % 5 < 2) return set_skills(command);
  if (command.c % 5 == 2) {
    const int person = pick_live(Kind::person, command.a);
    if (person != none) set_children<Person, Person, &Person::reports>(person, to_boss, command.b);
    return;
  }
  const int team = pick_live(Kind::team, command.a);
  if (team == none) return;
  if (command.c % 5 == 3) return set_children<Team, Person, &Team::people>(team, to_parent, command.b);
  set_children<Team, Job, &Team::jobs>(team, to_parent, command.b);
}

// Removal.

bool Session::may_remove(int node) const {
  if (model_[node].locked || model_[node].sunk) return false;
  // Nor is it for a job whose row a rollback takes back.
  for (int i = 0; i < model_.size() && !before_.empty(); ++i) {
    const bool is_new = i >= before_.front().size() || !before_.front()[i].stored;
    if (is_new && model_[i].kind == Kind::job && model_[i].now.references[to_parent] == node) return false;
  }
  // Whether the cascade reaches a job that was assigned just before is not defined.
  return std::none_of(model_.nodes.begin(), model_.nodes.end(), [&](const Node& other) {
    return other.unseen && other.kind == Kind::job && other.now.references[to_parent] == node;
  });
}

void Session::remove(int node) {
  note("remove " + name(node));
  visit(node, [&](auto entity) { em_.remove(entity); });
  model_.remove(node);
}

bool Session::may_persist(int node) const {
  const Node& wanted = model_[node];
  if (wanted.locked) return false;
  for (int i = 0; i < model_.size(); ++i) {
    const Node& other = model_[i];
    if (wanted.state == State::forgotten && other.state == State::forgotten && (other.unseen || other.locked))
      return false;
    if (i == node || !other.is_live()) continue;
    if (other.kind != wanted.kind) continue;
    // Its number or key has a new owner; see create_again.
    if (other.now.number && other.now.number == wanted.now.number && wanted.kind != Kind::person)
      return false;
    if (wanted.kind == Kind::skill && other.code == wanted.code) return false;
    const int badge = wanted.now.references[to_badge];
    if (badge != none && other.now.references[to_badge] == badge) return false;
  }
  return true;
}

void Session::persist(const Command& command) {
  const int node = pick(command.a, [](const Node& candidate) {
    return candidate.state == State::removed || candidate.state == State::forgotten ||
           candidate.state == State::loose;
  });
  if (node == none || !may_persist(node)) return;
  Model later = model_;
  later.persist(node);
  if (model_[node].state == State::forgotten)
    for (int i = 0; i < model_.size(); ++i)
      if (model_[i].state == State::forgotten && later[i].state == State::pending && !may_persist(i)) return;
  note("persist " + name(node));
  visit(node, [&](auto entity) { em_.persist(entity); });
  model_ = std::move(later);
}

/// A new entity with the key of one that the next flush deletes.
void Session::create_again(const Command& command) {
  const int old = pick(command.a, [](const Node& node) {
    return node.state == State::removed && (node.kind == Kind::skill || node.kind == Kind::step);
  });
  if (old == none) return;
  for (const Node& other : model_.nodes)
    if (other.is_live() && other.kind == model_[old].kind &&
        (other.kind == Kind::skill
             ? other.code == model_[old].code
             : other.home == model_[old].home && other.now.number == model_[old].now.number))
      return;
  Node node = model_[old];
  node = Node{.kind = node.kind,
              .state = State::pending,
              .now = {.text = fmt::format("n{}", ++fresh_)},
              .code = node.code,
              .home = node.home};
  if (node.kind == Kind::skill) {
    made(node, em_.create<Skill>({.code = node.code, .name = node.now.text}));
  } else {
    if (!model_[node.home].is_live()) return;
    node.now.number = model_[old].now.number;
    node.now.references[to_parent] = node.home;
    made(node,
         em_.create<Step>({.job = ref<Job>(node.home), .number = *node.now.number, .body = node.now.text}));
  }
  note("  in place of " + name(old));
  if (command.b % 4 != 3) return;
  try {
    visit(old, [&](auto entity) { em_.persist(entity); });
    fail("persist() took the key of another entity");
  } catch (const ValidationError&) {
  }
}

/// A new entity with the key of a live one is refused, and leaves no trace.
void Session::create_twice(const Command& command) {
  const int skill = pick_live(Kind::skill, command.a);
  if (skill == none) return;
  note("create twice " + name(skill));
  const int person = pick_live(Kind::person, command.b);
  try {
    Skill value{.code = model_[skill].code, .name = "twice"};
    if (person != none) value.people.add(ref<Person>(person));
    em_.create<Skill>(std::move(value));
    fail("create() accepted a key twice");
  } catch (const ValidationError&) {
  }
}

// Unique values.

void Session::exchange(const Command& command) {
  const Kind kind = command.c % 4 == 3 ? Kind::badge : Kind::team;
  const int one = pick_live(kind, command.a);
  const int two = pick_live(kind, command.b);
  if (one == none || one == two) return;
  const auto number = model_[one].now.number;
  set_number(one, model_[two].now.number);
  set_number(two, number);
}

/// One row gets what another had, live or about to be deleted.
void Session::take_number(const Command& command) {
  const Kind kind = command.c % 2 == 0 ? Kind::badge : Kind::team;
  const int taker = pick_live(kind, command.a);
  const int giver = pick(command.b, [&](const Node& node) {
    return node.kind == kind && (node.is_live() || node.state == State::removed) && node.now.number;
  });
  if (taker == none || giver == none || taker == giver) return;
  const auto number = model_[giver].now.number;
  for (int i = 0; i < model_.size(); ++i)
    if (i != giver && model_[i].is_live() && model_[i].kind == kind && model_[i].now.number == number) return;
  if (model_[giver].is_live()) set_number(giver, ++fresh_);
  set_number(taker, number);
}

void Session::repeat_number(const Command& command) {
  const int one = pick_live(Kind::badge, command.a);
  const int two = pick_live(Kind::badge, command.b);
  if (one == none || one == two) return;
  set_number(one, model_[two].now.number);
  flush();
}

/// Another manager changes a row that this one changes too.
void Session::conflict(const Command& command) {
  if (!before_.empty()) return;
  const int node = pick(command.a, [](const Node& candidate) {
    return candidate.kind == Kind::team && candidate.state == State::managed && !candidate.sunk;
  });
  if (node == none) return;
  note("conflict over " + name(node));
  Node& team = model_[node];
  EntityManager other = orm_.em();
  auto theirs = other.find_one_or_fail<Team>(team.id);
  theirs->home.city = team.stored->city = fmt::format("c{}", ++fresh_);
  other.flush();
  ++team.version;
  team.now.text = fmt::format("n{}", ++fresh_);
  auto mine = ref<Team>(node);
  mine->name = team.now.text;
  if (model_.verdict().sort == Verdict::Sort::fine) {
    try {
      em_.flush();
      fail("a stale version was written");
    } catch (const OptimisticLockError&) {
    }
    model_.attempt();
    check_rows();
  }
  expect(em_.refresh(mine), "refresh() found no row");
  Values now = *team.stored;
  now.references = team.now.references;
  team.now = now;
}

// Reads and transactions.

/// Whether a new entity waits to take the key of one that is still stored.
bool Session::key_changes_hands() const {
  return std::any_of(model_.nodes.begin(), model_.nodes.end(), [&](const Node& node) {
    return node.state == State::pending &&
           std::any_of(model_.nodes.begin(), model_.nodes.end(), [&](const Node& old) {
             if (old.kind != node.kind || !old.stored) return false;
             if (node.kind == Kind::skill) return old.code == node.code;
             return node.kind == Kind::step && old.home == node.home && old.now.number == node.now.number;
           });
  });
}

void Session::populate(const Command& command) {
  if (key_changes_hands()) return;
  const Strategy strategy = command.b % 2 == 0 ? Strategy::select_in : Strategy::joined;
  note(fmt::format("populate {} {}", command.a % 5, command.b % 2 == 0 ? "select_in" : "joined"));
  if (command.a % 5 == 0) {
    for (auto& team : em_.find<Team>()
                          .populate<&Team::people>()
                          .populate<&Team::jobs, &Job::steps>()
                          .strategy(strategy)
                          .list()) {
      learn<Team>(team);
      for (Ref<Person> person : team->people) learn(person);
      for (Ref<Job> job : team->jobs) {
        learn(job);
        if (job->steps.is_initialized())
          for (Ref<Step> step : job->steps) learn(step);
      }
    }
  } else if (command.a % 5 == 1) {
    for (auto& person : em_.find<Person>()
                            .populate<&Person::team>()
                            .populate<&Person::boss>()
                            .populate<&Person::badge>()
                            .populate<&Person::skills>()
                            .strategy(strategy)
                            .list()) {
      learn<Person>(person);
      learn(person->team);
      learn(person->boss);
      learn(person->badge);
      for (Ref<Skill> skill : person->skills) learn(skill);
    }
  } else if (command.a % 5 == 2) {
    for (auto& skill : em_.find<Skill>().populate<&Skill::people>().strategy(strategy).list()) {
      learn<Skill>(skill);
      for (Ref<Person> person : skill->people) learn(person);
    }
  } else if (command.a % 5 == 3) {
    for (auto& badge : em_.find<Badge>().populate<&Badge::holder>().strategy(strategy).list()) {
      learn<Badge>(badge);
      learn(badge->holder);
    }
  } else {
    for (auto& person : em_.find<Person>().populate<&Person::reports>().strategy(strategy).list()) {
      learn<Person>(person);
      for (Ref<Person> report : person->reports) learn(report);
    }
  }
}

void Session::begin() {
  if (before_.size() == 2) return;
  note("begin");
  em_.begin();
  before_.push_back(model_);
}

void Session::commit() {
  if (before_.empty()) return;
  flush();
  note("commit");
  em_.commit();
  before_.pop_back();
}

void Session::roll_back() {
  if (before_.empty()) return;
  note("rollback");
  em_.rollback();
  model_.roll_back(before_.back());
  before_.pop_back();
  check_rows();
}

void Session::clear() {
  if (!before_.empty()) return;
  note("clear");
  em_.clear();
  model_.clear();
  refs_ = {};
}

// Flush and comparison.

void Session::flush() {
  for (int tries = 0; tries < 100; ++tries) {
    const Verdict verdict = model_.verdict();
    if (verdict.sort == Verdict::Sort::fine) break;
    fail_flush(verdict);
    mend(verdict);
  }
  note("flush");
  em_.flush();
  model_.write();
  for (int i = 0; i < model_.size(); ++i) {
    Node& node = model_[i];
    if (node.state != State::managed || !node.held) continue;
    visit(i, [&]<class T>(Ref<T> entity) {
      if constexpr (requires { entity->id; }) node.id = entity->id;
    });
  }
  check();
}

void Session::fail_flush(const Verdict& verdict) {
  const bool refused = verdict.sort == Verdict::Sort::refused;
  note(fmt::format("flush that fails for {}", name(verdict.culprit)));
  try {
    const std::size_t sent = statements_([&] {
      try {
        em_.flush();
      } catch (const UniqueConstraintViolationError&) {
        if (refused) throw;
      } catch (const ValidationError&) {
        if (!refused) throw;
        return;
      }
      if (refused) fail("a flush was not refused");
    });
    expect(!refused || sent == 0, "a refused flush sent something");
  } catch (const Error& error) {
    fail(fmt::format("another error than expected: {}", error.what()));
  }
  model_.attempt();
  check_rows();
}

void Session::mend(const Verdict& verdict) {
  const int node = verdict.culprit;
  Node& culprit = model_[node];
  if (!verdict.reference) return set_number(node, ++fresh_);
  if (culprit.state == State::loose) culprit.state = State::pending;
  if (*verdict.reference == to_parent && culprit.kind != Kind::step) {
    const int team = culprit.kind == Kind::job ? pick_live(Kind::team, 0) : none;
    if (culprit.kind == Kind::person || team != none) return set_parent(node, team);
    return remove(node);
  }
  if (culprit.kind == Kind::step) return remove(node);
  culprit.unseen = true;
  culprit.now.references[*verdict.reference] = none;
  note(fmt::format("{} reference {} = null", name(node), *verdict.reference));
  if (*verdict.reference == to_boss) {
    ref<Person>(node)->boss = nullptr;
  } else {
    ref<Person>(node)->badge = nullptr;
  }
}

void Session::check() {
  ++checks_;
  check_rows();
  check_memory();
  expect(!em_.has_changes(), "there are changes after a flush");
  expect(statements_([&] { em_.flush(); }) == 0, "a second flush sent something");
  if (before_.empty()) check_fresh();
}

namespace {
using Tables = std::map<std::string, std::multiset<std::string>>;

std::string difference(const Tables& expected, const Tables& actual) {
  std::string text;
  for (const auto& [table, rows] : expected) {
    if (actual.at(table) == rows) continue;
    text += table + ": expected";
    for (const std::string& row : rows) text += " " + row;
    text += ", but there are";
    for (const std::string& row : actual.at(table)) text += " " + row;
    text += "\n";
  }
  return text;
}
}  // namespace

void Session::check_rows() {
  Tables actual;
  const std::pair<const char*, std::vector<const char*>> tables[] = {
      {"team", {"id", "name", "code", "home_city", "home_zip", "version"}},
      {"person", {"id", "name", "age", "team_id", "boss_id", "badge_id"}},
      {"badge", {"id", "number"}},
      {"skill", {"code", "name"}},
      {"job", {"id", "title", "priority", "team_id"}},
      {"step", {"job_id", "number", "body"}},
      {"person_skill", {"person_id", "skill_code"}}};
  for (const auto& [table, columns] : tables) {
    std::multiset<std::string>& rows = actual[table];
    for (const Row row : em_.execute(fmt::format("select {} from {}", fmt::join(columns, ", "), table))) {
      std::string text;
      for (const char* column : columns) {
        if (column != columns.front()) text += "|";
        const Value& value = row[column];
        text += value.view().has_bytes() ? std::string(value.view().bytes())
                : value.is_null()        ? "null"
                                         : std::to_string(value.view().as_integer());
      }
      rows.insert(std::move(text));
    }
  }
  const std::string differs = difference(model_.rows(), actual);
  expect(differs.empty(), "rows differ\n" + differs);
}

/// The same rows as another manager reads them.
void Session::check_fresh() {
  const Strategy strategy = checks_ % 2 == 0 ? Strategy::select_in : Strategy::joined;
  EntityManager em = orm_.em();
  Tables actual;
  for (const char* table : {"team", "person", "badge", "skill", "job", "step", "person_skill"}) actual[table];
  for (auto& team : em.find<Team>().populate<&Team::jobs, &Job::steps>().strategy(strategy).list()) {
    actual["team"].insert(fmt::format("{}|{}|{}|{}|{}|{}", team->id, team->name, number_text(team->code),
                                      team->home.city, number_text(team->home.zip), team->version));
    for (Ref<Job> job : team->jobs) {
      actual["job"].insert(
          fmt::format("{}|{}|{}|{}", job->id, job->title, number_text(job->priority), job->team.id()));
      for (Ref<Step> step : job->steps)
        actual["step"].insert(fmt::format("{}|{}|{}", step->job.id(), step->number, step->body));
    }
  }
  const auto id = [](const auto& entity) { return entity ? std::to_string(entity.id()) : "null"; };
  for (auto& person : em.find<Person>().populate<&Person::skills>().strategy(strategy).list()) {
    actual["person"].insert(fmt::format("{}|{}|{}|{}|{}|{}", person->id, person->name,
                                        number_text(person->age), id(person->team), id(person->boss),
                                        id(person->badge)));
    for (Ref<Skill> skill : person->skills)
      actual["person_skill"].insert(fmt::format("{}|{}", person->id, skill->code));
  }
  for (auto& badge : em.find<Badge>().populate<&Badge::holder>().strategy(strategy).list()) {
    actual["badge"].insert(fmt::format("{}|{}", badge->id, badge->number));
    expect(!badge->holder || badge->holder->badge.id() == badge->id, "a badge and its holder disagree");
  }
  for (auto& skill : em.find<Skill>().list())
    actual["skill"].insert(fmt::format("{}|{}", skill->code, skill->name));
  const std::string differs = difference(model_.rows(), actual);
  expect(differs.empty(), "what is read differs\n" + differs);
  expect(statements_([&] { em.flush(); }) == 0, "a flush after a read sent something");
}

template <class T>
void Session::check_reference(int node, std::size_t slot, Ref<T> actual) {
  const int wanted = model_[node].now.references[slot];
  const auto what = [&] {
    return fmt::format("in memory, reference {} of {} should be {}", slot, name(node), name(wanted));
  };
  expect((wanted == none) == !actual, what());
  if (wanted == none) return;
  expect(actual.unwrap().id == model_[wanted].id, what());
  expect(!model_[wanted].held || actual == ref<T>(wanted), what() + ", not another entity with its key");
}

template <class T, class F>
void Session::check_items(int node, const Collection<T>& items, F&& belongs) {
  if (!items.is_initialized()) return;
  std::set<int> expected;
  for (int i = 0; i < model_.size(); ++i)
    if (model_[i].state == State::managed && model_[i].kind == kind_of<T>() && belongs(model_[i], i))
      expected.insert(i);
  std::set<int> actual;
  for (Ref<T> item : items) actual.insert(node_of(item));
  std::string text;
  for (const int item : expected) text += " " + name(item);
  text += ", but are";
  for (const int item : actual) text += " " + name(item);
  expect(expected == actual && items.size() == actual.size(),
         fmt::format("in memory, the {} items of {} should be{}", kind_of<T>() == Kind::job ? "job" : "other",
                     name(node), text));
}

void Session::check_memory() {
  for (int i = 0; i < model_.size(); ++i) {
    const Node& node = model_[i];
    if (node.state != State::managed || !node.held) continue;
    const Values& now = node.now;
    const auto child = [i](std::size_t slot) {
      return [i, slot](const Node& other, int) { return other.now.references[slot] == i; };
    };
    const auto same = [&](bool is) { expect(is, "in memory, a member of " + name(i) + " differs"); };
    switch (node.kind) {
      case Kind::team: {
        const auto team = ref<Team>(i);
        same(team->name == now.text && team->code == now.number && team->home.city == now.city &&
             team->home.zip == now.zip && team->version == node.version);
        check_items(i, team->people, child(to_parent));
        check_items(i, team->jobs, child(to_parent));
        break;
      }
      case Kind::person: {
        const auto person = ref<Person>(i);
        same(person->name == now.text && person->age == now.number);
        check_reference(i, to_parent, person->team);
        check_reference(i, to_boss, person->boss);
        check_reference(i, to_badge, person->badge);
        check_items(i, person->reports, child(to_boss));
        check_items(i, person->skills, [&](const Node&, int skill) { return now.skills.contains(skill); });
        break;
      }
      case Kind::badge: {
        const auto badge = ref<Badge>(i);
        same(badge->number == now.number);
        const int holder = model_.holder(i);
        expect((holder == none) == !badge->holder,
               fmt::format("in memory, {} should be held by {}", name(i), name(holder)));
        if (holder != none && model_[holder].held)
          expect(badge->holder == ref<Person>(holder),
                 fmt::format("in memory, {} should be held by {}", name(i), name(holder)));
        break;
      }
      case Kind::skill: {
        const auto skill = ref<Skill>(i);
        same(skill->name == now.text);
        check_items(i, skill->people, [i](const Node& person, int) { return person.now.skills.contains(i); });
        break;
      }
      case Kind::job: {
        const auto job = ref<Job>(i);
        same(job->title == now.text && job->priority == now.number);
        check_reference(i, to_parent, job->team);
        check_items(i, job->steps, child(to_parent));
        break;
      }
      case Kind::step: {
        const auto step = ref<Step>(i);
        same(step->body == now.text && step->number == now.number);
        check_reference(i, to_parent, step->job);
        break;
      }
    }
  }
}

}  // namespace kin::test::uow_property
