// SPDX-License-Identifier: MIT
#include "operations.hpp"

#include "library.hpp"

namespace bench {

namespace {

void nothing(Side&) {}

void with_authors(Side& side) {
  side.empty();
  side.fill_authors(library::author_count);
}

void with_loaded_authors(Side& side) {
  with_authors(side);
  side.load();
}

void with_tags(Side& side) {
  side.empty();
  side.fill_tags();
}

void with_graph(Side& side) {
  side.empty();
  side.fill_graph();
}

void load_and_change(Side& side) {
  side.load();
  side.change();
}

template <void (Side::*Member)()>
void call(Side& side) {
  (side.*Member)();
}

constexpr double authors = library::author_count;
constexpr double graph = library::graph_row_count;

constexpr Operation list[] = {
    {"find_by_id", authors, with_authors, nothing, call<&Side::find_by_id>, nothing, 1.6},
    {"find_all", authors, with_authors, nothing, call<&Side::find_all>, nothing, 2.0},
    {"find_all_raw", authors, with_authors, nothing, call<&Side::find_all_raw>, nothing, 1.3},
    {"populate_select_in", graph, with_graph, nothing, call<&Side::populate_select_in>, nothing},
    {"populate_joined", graph, with_graph, nothing, call<&Side::populate_joined>, nothing},
    {"populate_balanced", graph, with_graph, nothing, call<&Side::populate_balanced>, nothing},
    {"insert_uow", authors, nothing, call<&Side::empty>, call<&Side::insert_uow>, nothing, 1.6},
    {"insert_graph", graph, nothing, with_tags, call<&Side::insert_graph>, nothing, 1.8},
    {"update_uow", authors, with_authors, nothing, call<&Side::update_uow>, nothing},
    {"update_flush", authors, with_authors, load_and_change, call<&Side::flush>, call<&Side::unload>, 2.0},
    {"flush_noop", authors, with_loaded_authors, nothing, call<&Side::look>, nothing, {}, 0.025},
    {"delete_uow", authors, nothing, with_loaded_authors, call<&Side::delete_uow>, call<&Side::unload>, 1.5},
    {"query_build", library::query_count, nothing, nothing, call<&Side::query_build>, nothing, {}, 2.0},
};

}  // namespace

std::span<const Operation> operations() { return list; }

}  // namespace bench
