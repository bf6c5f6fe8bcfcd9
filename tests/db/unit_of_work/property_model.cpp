// SPDX-License-Identifier: MIT
#include "db/unit_of_work/property_model.hpp"

#include <utility>

#include <fmt/format.h>

namespace kin::test::uow_property {

std::string number_text(const std::optional<int>& number) {
  return number ? std::to_string(*number) : "null";
}

int Model::add(Node node) {
  nodes.push_back(std::move(node));
  return size() - 1;
}

int Model::holder(int badge) const {
  for (int i = 0; i < size(); ++i)
    if (nodes[static_cast<std::size_t>(i)].is_live() && (*this)[i].now.references[to_badge] == badge)
      return i;
  return none;
}

bool Model::badge_changed(int person) const {
  const Node& node = (*this)[person];
  return !node.stored || node.stored->references[to_badge] != node.now.references[to_badge];
}

void Model::remove(int node) {
  Node& root = (*this)[node];
  if (root.state == State::managed) root.state = State::removed;
  if (root.state != State::pending) return;
  root.state = State::forgotten;
  if (root.kind != Kind::team && root.kind != Kind::job) return;
  for (int i = 0; i < size(); ++i)
    if ((*this)[i].is_live() && (*this)[i].must_have_parent() && (*this)[i].now.references[to_parent] == node)
      remove(i);
}

void Model::persist(int node) {
  Node& root = (*this)[node];
  if (root.state == State::removed) root.state = State::managed;
  if (root.state == State::loose) root.state = State::pending;
  if (root.state != State::forgotten) return;
  root.state = State::pending;
  for_each_neighbour(node, [&](int other) {
    if ((*this)[other].state == State::forgotten && !(*this)[other].sunk) persist(other);
  });
}

template <class Visit>
void Model::for_each_neighbour(int node, Visit&& visit) const {
  const auto linked = [&](int from, int to) {
    const Values& values = (*this)[from].now;
    for (const int target : values.references)
      if (target == to) return true;
    return values.skills.contains(to);
  };
  for (int i = 0; i < size(); ++i)
    if (i != node && (linked(i, node) || linked(node, i))) visit(i);
}

void Model::leave_orphans() {
  for (int i = 0; i < size(); ++i) {
    Node& node = (*this)[i];
    if (!node.orphan || node.now.references[to_parent] != none) continue;
    if (node.state == State::managed) node.state = State::removed;
    if (node.state != State::pending) continue;
    node.state = State::loose;
    for (Node& step : nodes)
      if (step.kind == Kind::step && step.state == State::pending && step.now.references[to_parent] == i)
        step.state = State::loose;
  }
}

void Model::reach() {
  std::vector<int> open;
  for (int i = 0; i < size(); ++i)
    if ((*this)[i].is_live()) open.push_back(i);
  while (!open.empty()) {
    const int node = open.back();
    open.pop_back();
    for_each_neighbour(node, [&](int other) {
      if ((*this)[other].state != State::loose) return;
      (*this)[other].state = State::pending;
      open.push_back(other);
    });
  }
}

void Model::take_children_along() {
  for (bool again = true; again;) {
    again = false;
    for (Node& node : nodes) {
      const int parent = node.now.references[to_parent];
      if (!node.is_live() || !node.must_have_parent() || parent == none) continue;
      if ((*this)[parent].state != State::removed) continue;
      node.state = node.state == State::managed ? State::removed : State::forgotten;
      again = true;
    }
  }
  // A new job without its steps' reference is no case: a forgotten job took its steps along when it was
  // removed.
  for (Node& node : nodes)
    if (node.kind == Kind::step && node.state == State::pending && node.now.references[to_parent] != none &&
        (*this)[node.now.references[to_parent]].state == State::forgotten)
      node.state = State::forgotten;
}

void Model::release_partners() {
  for (int i = 0; i < size(); ++i) {
    const int badge = (*this)[i].now.references[to_badge];
    if (!(*this)[i].is_live() || badge == none || !badge_changed(i)) continue;
    for (int j = 0; j < size(); ++j) {
      Node& other = (*this)[j];
      if (j != i && other.stored && other.now.references[to_badge] == badge && !badge_changed(j))
        other.now.references[to_badge] = none;
    }
  }
}

void Model::settle() {
  leave_orphans();
  reach();
  release_partners();
  take_children_along();
}

std::optional<Verdict> Model::bad_reference() const {
  for (int i = 0; i < size(); ++i) {
    const Node& node = (*this)[i];
    if (!node.is_live()) continue;
    for (std::size_t slot = 0; slot < node.now.references.size(); ++slot) {
      const int target = node.now.references[slot];
      if (target == none) {
        if (slot == to_parent && node.must_have_parent()) return Verdict{Verdict::Sort::refused, i, slot};
        continue;
      }
      const bool changed = !node.stored || node.stored->references[slot] != target;
      if (changed && !(*this)[target].is_live()) return Verdict{Verdict::Sort::refused, i, slot};
    }
  }
  return std::nullopt;
}

/// Numbers of badges that rows take from each other in a ring.
std::optional<Verdict> Model::exchanged_numbers() const {
  const auto next_of = [&](int node) {
    for (int i = 0; i < size(); ++i) {
      const Node& other = (*this)[i];
      if (other.kind == Kind::badge && other.state == State::managed &&
          other.stored->number != other.now.number && other.stored->number == (*this)[node].now.number)
        return i;
    }
    return none;
  };
  for (int i = 0; i < size(); ++i) {
    const Node& node = (*this)[i];
    if (node.kind != Kind::badge || node.state != State::managed || node.stored->number == node.now.number)
      continue;
    int at = next_of(i);
    for (int steps = 0; at != none && at != i && steps < size(); ++steps) at = next_of(at);
    if (at == i) return Verdict{Verdict::Sort::refused, i, {}};
  }
  return std::nullopt;
}

std::optional<Verdict> Model::duplicate() const {
  std::set<std::pair<Kind, int>> seen;
  for (int i = 0; i < size(); ++i) {
    const Node& node = (*this)[i];
    if (!node.is_live() || !node.now.number || (node.kind != Kind::team && node.kind != Kind::badge))
      continue;
    if (!seen.insert({node.kind, *node.now.number}).second) return Verdict{Verdict::Sort::duplicate, i, {}};
  }
  return std::nullopt;
}

Verdict Model::verdict() const {
  Model later = *this;
  later.settle();
  if (auto bad = later.bad_reference()) return *bad;
  if (auto bad = later.exchanged_numbers()) return *bad;
  if (auto bad = later.duplicate()) return *bad;
  return {};
}

void Model::attempt() {
  for (Node& node : nodes)
    if (node.state == State::pending && node.orphan && node.now.references[to_parent] == none)
      node.state = State::loose;
  reach();
  release_partners();
}

void Model::forget_gone() {
  for (Node& node : nodes) {
    const auto leave = [&](Values& values) {
      for (int& target : values.references)
        if (target != none && (*this)[target].state == State::gone) target = none;
      std::erase_if(values.skills, [&](int skill) { return (*this)[skill].state == State::gone; });
    };
    if (node.state == State::gone) continue;
    leave(node.now);
    if (node.stored) leave(*node.stored);
  }
}

void Model::write() {
  settle();
  // What hangs on a deleted entity and was never persisted is of no use any more.
  for (bool again = true; again;) {
    again = false;
    for (int i = 0; i < size(); ++i) {
      if ((*this)[i].state != State::loose) continue;
      bool lost = false;
      for_each_neighbour(i, [&](int other) { lost = lost || (*this)[other].state >= State::removed; });
      if (!lost) continue;
      (*this)[i].state = State::gone;
      again = true;
    }
  }
  for (Node& node : nodes) {
    if (node.state == State::removed || node.state == State::forgotten) {
      node.state = State::gone;
      node.stored.reset();
    }
    if (!node.is_live()) continue;
    if (node.kind == Kind::team && node.stored != node.now) ++node.version;
    node.state = State::managed;
    node.stored = node.now;
  }
  forget_gone();
  for (Node& node : nodes) {
    node.stored = node.state == State::managed ? std::optional(node.now) : std::nullopt;
    node.orphan = node.unseen = node.locked = false;
  }
}

void Model::clear() {
  for (Node& node : nodes) {
    node.state = node.stored ? State::managed : State::gone;
    if (node.stored) node.now = *node.stored;
    node.held = node.orphan = node.unseen = node.locked = node.sunk = false;
  }
}

void Model::roll_back(const Model& before) {
  std::vector<int> forgotten;
  for (int i = 0; i < size(); ++i) {
    Node& node = (*this)[i];
    const bool existed = i < before.size() && before[i].stored;
    if (!existed) {
      if (node.state == State::removed || (node.state == State::gone && node.held)) {
        node.state = State::pending;
        forgotten.push_back(i);
      }
      // A collection that is not loaded has lost sight of it.
      node.unseen = node.unseen || node.state == State::managed;
      if (node.state == State::managed) node.state = State::pending;
      node.stored.reset();
      if (node.kind != Kind::skill && node.kind != Kind::step) node.id = 0;
      node.version = 0;
      continue;
    }
    node.stored = before[i].stored;
    node.version = before[i].version;
    if (node.state == State::gone) {
      node.state = node.held ? State::removed : State::managed;
      node.sunk = node.held;
    }
    if (!node.held) node.now = *node.stored;
  }
  for (const int node : forgotten) remove(node);
  // Other sides may have heard of some of it in the meantime.
  for (Node& node : nodes) node.sunk = node.sunk || node.state == State::forgotten;
}

std::string Model::key(int node) const {
  if (node == none) return "null";
  return (*this)[node].kind == Kind::skill ? (*this)[node].code : std::to_string((*this)[node].id);
}

std::map<std::string, std::multiset<std::string>> Model::rows() const {
  std::map<std::string, std::multiset<std::string>> tables;
  for (const char* table : {"team", "person", "badge", "skill", "job", "step", "person_skill"}) tables[table];
  for (int i = 0; i < size(); ++i) {
    const Node& node = (*this)[i];
    if (!node.stored) continue;
    const Values& row = *node.stored;
    const auto& to = row.references;
    switch (node.kind) {
      case Kind::team:
        tables["team"].insert(fmt::format("{}|{}|{}|{}|{}|{}", node.id, row.text, number_text(row.number),
                                          row.city, number_text(row.zip), node.version));
        break;
      case Kind::person:
        tables["person"].insert(fmt::format("{}|{}|{}|{}|{}|{}", node.id, row.text, number_text(row.number),
                                            key(to[to_parent]), key(to[to_boss]), key(to[to_badge])));
        for (const int skill : row.skills)
          tables["person_skill"].insert(fmt::format("{}|{}", node.id, key(skill)));
        break;
      case Kind::badge:
        tables["badge"].insert(fmt::format("{}|{}", node.id, number_text(row.number)));
        break;
      case Kind::skill:
        tables["skill"].insert(fmt::format("{}|{}", node.code, row.text));
        break;
      case Kind::job:
        tables["job"].insert(
            fmt::format("{}|{}|{}|{}", node.id, row.text, number_text(row.number), key(to[to_parent])));
        break;
      case Kind::step:
        tables["step"].insert(fmt::format("{}|{}|{}", key(to[to_parent]), number_text(row.number), row.text));
        break;
    }
  }
  return tables;
}

}  // namespace kin::test::uow_property
