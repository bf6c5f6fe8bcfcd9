// SPDX-License-Identifier: MIT
#pragma once

#include <kin/task.hpp>
#include <kin/value.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "schema/existing_schema.hpp"
#include "schema/table.hpp"
#include "sql/dialect.hpp"

namespace kin::schema {

/// The text of one database's definitions, and what update() has to know of the database. Each database has a
/// class of its own for what differs. All texts are the same on each run. Immutable, so it may be used from
/// any thread.
class Ddl {
 public:
  using Statements = std::vector<std::string>;

  explicit Ddl(const sql::Dialect& dialect) noexcept : dialect_(dialect) {}
  virtual ~Ddl() = default;

  /// Appends what makes a schema where there is none; nothing where the user has to.
  virtual void create_schema(std::string_view schema, Statements& statements) const {
    (void)schema;
    (void)statements;
  }
  /// Enum types have names and are shared by columns.
  virtual bool has_enum_types() const { return false; }
  /// Appends what makes the enum type of columns that follow; nothing where there are no such types.
  virtual void create_enum_type(const EnumType& type, Statements& statements) const {
    (void)type;
    (void)statements;
  }
  /// Appends what adds the items that an enum type lacks.
  virtual void extend_enum_type(const EnumType& type, const ExistingEnum& existing,
                                Statements& statements) const {
    (void)type;
    (void)existing;
    (void)statements;
  }
  /// Appends what makes a table with all that belongs to it. `later` receives what has to wait for the tables
  /// that follow.
  void create(const Table& table, Statements& statements, Statements& later) const;
  /// Appends what drops the tables, which come in the order in which rows could be deleted.
  virtual void drop(const std::vector<Table>& tables, Statements& statements) const;

  std::string create_table(const Table& table) const;
  virtual std::string create_index(const Table& table, const IndexDefinition& index) const;
  /// Takes the foreign key and the checks of the column along where they could not be added after it.
  std::string add_column(const Table& table, const Column& column) const;
  /// Gives a column that is there its definition anew.
  std::string modify_column(const Table& table, const Column& column) const;
  std::string add_foreign_key(const Table& table, const ForeignKey& key) const;
  std::string add_check(const Table& table, const CheckDefinition& check) const;

  virtual std::string type_of(const Column& column) const;
  /// `constraint "book_price_check" check (price > 0)`
  std::string check_of(const CheckDefinition& check) const;
  /// Only the condition in the brackets.
  std::string condition_of(const CheckDefinition& check) const;
  std::string quoted(std::string_view identifier) const;
  /// A value as text, for default values and checks, in the form in which the driver would store it. Throws
  /// ValidationError for what the database can't store.
  virtual std::string literal(ValueView value) const = 0;
  /// Text in single quotes.
  virtual std::string text_literal(std::string_view text) const = 0;

  // What update() asks.

  /// The database's name, for messages.
  virtual std::string_view database() const = 0;
  /// What it has in a schema; an empty name is the schema that unqualified names are looked up in.
  virtual Task<ExistingSchema> read(const std::string& schema, driver::Connection& connection) const = 0;
  /// Whether two names stand for the same column, table or index.
  virtual bool same_name(std::string_view a, std::string_view b) const noexcept { return a == b; }
  /// Whether a column of the existing type keeps the values of this one.
  virtual bool fits(std::string_view existing_type, const Column& column) const = 0;
  /// The items of a column of an enum type without a name; empty for another one.
  virtual std::vector<std::string> items_of(std::string_view existing_type) const {
    (void)existing_type;
    return {};
  }
  /// False for a check that the column's own type makes superfluous.
  virtual bool needs(const CheckDefinition& check) const {
    (void)check;
    return true;
  }
  /// Why the database would not make keys in an existing column; empty when it does.
  virtual std::string key_obstacle(const ExistingColumn& column) const;
  /// Why the column cannot be added to an existing table; empty when it can.
  virtual std::string obstacle_to_add(const Table& table, const Column& column) const;
  enum class CheckState : std::uint8_t { missing, same, other };
  virtual CheckState state_of(const ExistingTable& table, const CheckDefinition& check) const;
  /// Constraints have names and can be added to a table; else they are part of its definition.
  virtual bool adds_constraints() const { return true; }
  /// Indexes are defined with their table, and another table may have one of the same name.
  virtual bool indexes_belong_to_tables() const { return false; }
  /// An index can leave rows out.
  virtual bool has_partial_indexes() const { return true; }
  /// Whether the database can see to it that the key is kept.
  virtual bool enforces(const Table& table, const ForeignKey& key) const {
    (void)table;
    (void)key;
    return true;
  }

 protected:
  std::string qualified(std::string_view schema, std::string_view name) const;
  std::string column_list(const std::vector<const Column*>& columns) const;
  /// ` where "deleted_at" is null` of an index that leaves deleted rows out, or nothing.
  std::string part_of_table(const IndexDefinition& index) const;
  std::string foreign_key_name(const Table& table, const ForeignKey& key) const;
  /// ` default 5`, or nothing.
  virtual std::string default_of(const Column& column) const;

 private:
  /// ` collate "C"`, or nothing.
  std::string collation_of(const Column& column) const;
  std::string column_definition(const Table& table, const Column& column) const;
  std::string references(const ForeignKey& key) const;
  std::string named_foreign_key(const Table& table, const ForeignKey& key) const;
  std::string inline_index(const IndexDefinition& index) const;

  /// The table that a foreign key refers to.
  virtual std::string target_of(const EntityMetadata& target) const;
  /// What makes a column a key whose values the database makes, after its type.
  virtual std::string_view identity() const = 0;
  /// How the values of a generated column are kept.
  virtual std::string_view generated_storage() const { return "stored"; }
  virtual bool generated_may_be_not_null() const { return true; }
  /// What follows a column's definition.
  virtual std::string column_end(const Column& column) const;
  /// What follows a table's definition.
  virtual std::string table_end(const Table& table) const;
  /// Appends statements that follow the table's.
  virtual void describe(const Table& table, Statements& statements) const {
    (void)table;
    (void)statements;
  }

  const sql::Dialect& dialect_;
};

}  // namespace kin::schema
