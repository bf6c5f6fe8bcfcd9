#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes a program with N entities in a chain, each read and written: generate.py N > many.cpp"""
import sys

HEAD = """\
#include <chrono>
#include <cstdint>
#include <iostream>
#include <optional>
#include <string>
#include <kin/kin.hpp>
#include <kin/sqlite.hpp>
using kin::field;
"""

ENTITY = """
struct Entity{i} {{
  std::int64_t id{{}};
  std::string name{{}};
  double price{{}};
  std::optional<int> age{{}};
  std::chrono::sys_seconds created_at{{}};
  kin::Ref<Entity{previous}> parent{{}};
  kin::Collection<Entity{next}> children{{}};
}};
"""

DESCRIBE = """
inline void describe(kin::Schema<Entity{i}>& entity) {{
  entity.on<&Entity{i}::name>(kin::unique, kin::length(255));
  entity.on<&Entity{i}::children>(kin::mapped_by<&Entity{next}::parent>);
}}
"""

USE = """
inline void use_{i}(kin::EntityManager& em) {{
  auto parent = em.create<Entity{i}>({{.name = "parent", .price = 1.5}});
  em.create<Entity{next}>({{.name = "child", .parent = parent}});
  em.flush();
  auto where = field<&Entity{i}::price> > 1.0 && field<&Entity{i}::parent, &Entity{previous}::name> == "x";
  auto found = em.find<Entity{i}>(where)
                   .populate<&Entity{i}::children>()
                   .order_by(field<&Entity{i}::name>.asc())
                   .list();
  for (auto entity : found) std::cout << entity->name << '\\n';
}}
"""


def program(count):
    """The first entity's parent is the last, so all have the same shape. With 0 only the headers are left."""
    numbers = [{"i": i, "previous": (i - 1) % count, "next": (i + 1) % count} for i in range(count)]
    names = ", ".join(f"Entity{i}" for i in range(count))
    calls = "".join(f"  use_{i}(em);\n" for i in range(count))
    main = f"""
int main() {{
  kin::Orm orm({{.driver = kin::sqlite::driver(), .db_name = ":memory:", .entities = kin::entities<{names}>}});
  kin::EntityManager em = orm.em();
{calls}}}
"""
    parts = [HEAD]
    parts += [f"struct Entity{i};\n" for i in range(count)]
    parts += [ENTITY.format(**number) for number in numbers]
    parts += [DESCRIBE.format(**number) for number in numbers]
    parts += [USE.format(**number) for number in numbers]
    return "".join(parts) + (main if count else "int main() {}\n")


if __name__ == "__main__":
    print(program(int(sys.argv[1])))
