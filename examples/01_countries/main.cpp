// SPDX-License-Identifier: MIT
// Countries, their subdivisions, currencies and languages: from JSON through a unit of work into a SQLite
// file, and questions to that. Run it twice: the second run writes only what changed since the first.
#include <kin/kin.hpp>
#include <kin/sqlite.hpp>

#include <algorithm>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "arguments.hpp"
#include "importer.hpp"
#include "iso_codes.hpp"
#include "model.hpp"
#include "phases.hpp"
#include "progress_bar.hpp"
#include "questions.hpp"
#include "statement_log.hpp"

namespace countries {

namespace {

kin::Orm open(const std::string& file, StatementLog& log) {
  return kin::Orm({
      .driver = kin::sqlite::driver(),
      .db_name = file,
      .entities = kin::entities<Country, Subdivision, Currency, Language>,
      .query_logger = [&log](const kin::Query& query) { log.add(query); },
  });
}

void print_problems(const std::vector<std::string>& problems) {
  constexpr std::size_t most = 10;
  for (std::size_t i = 0; i < std::min(most, problems.size()); ++i) std::cout << problems[i] << '\n';
  if (problems.size() > most) std::cout << "And " << problems.size() - most << " more of the kind.\n";
}

void print_rows_written(const RowsWritten& rows) {
  std::cout << "Rows written: " << rows.inserted << " inserted, " << rows.updated << " updated, "
            << rows.deleted << " deleted.\n";
}

/// One unit of work: what differs between the input and the database is written in one transaction, or not at
/// all.
void update_database(kin::Orm& orm, const IsoCodes& codes, Phases& phases, StatementLog& log) {
  kin::EntityManager em = orm.em();
  Importer importer = phases.run("Load what is stored", [&] { return Importer(em); });
  phases.run("Assign the input", [&] {
    ProgressBar progress("Comparing", codes.size());
    importer.assign(codes, progress);
  });
  phases.run("Flush", [&] {
    ProgressBar progress("Writing", importer.changes());
    log.on_write([&](std::uint64_t rows) { progress.advance(rows); });
    em.flush();
    log.on_write(nullptr);
  });
  print_problems(importer.problems());
  print_rows_written(log.rows_written());
}

/// In a manager of its own, so that every answer comes from the database.
void ask_questions(kin::Orm& orm, Arguments arguments, Phases& phases) {
  if (!arguments.name && !arguments.type && !arguments.of) arguments.name = "berg";
  kin::EntityManager em = orm.em();
  phases.run("Most subdivided", [&] { show_most_subdivided(em); });
  phases.run("Several currencies", [&] { show_several_currencies(em); });
  phases.run("Tree of a country", [&] { show_tree(em, arguments.country); });
  phases.run("Filter", [&] { show_filtered(em, arguments); });
  phases.run("Page of languages", [&] { show_extinct_languages(em, arguments.page); });
}

void run(const Arguments& arguments) {
  StatementLog log;
  Phases phases(log);
  // Before the database is opened: wrong input leaves no empty file behind.
  const IsoCodes codes = phases.run("Read the JSON", [&] { return read_iso_codes(arguments.data); });
  kin::Orm orm = phases.run("Open the database", [&] { return open(arguments.database, log); });
  phases.run("Make missing tables", [&] { orm.schema().update(); });
  update_database(orm, codes, phases, log);
  ask_questions(orm, arguments, phases);

  std::cout << "\nTime, and statements sent: " << log.size() << " in all\n" << phases.table();
  if (arguments.sql) std::cout << '\n' << log;
}

}  // namespace

}  // namespace countries

int main(int argument_count, char** arguments) {
  try {
    const countries::Arguments parsed = countries::parse_arguments(argument_count, arguments);
    if (parsed.help) {
      std::cout << countries::usage;
    } else {
      countries::run(parsed);
    }
    return 0;
  } catch (const countries::UsageError& error) {
    std::cerr << error.what() << '\n' << countries::usage;
    return 2;
  } catch (const countries::InputError& error) {
    std::cerr << error.what() << '\n';
    return 2;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
