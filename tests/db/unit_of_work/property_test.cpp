// SPDX-License-Identifier: MIT
// Random edits of a graph with every sort of relation, against a model in plain containers: after each flush
// the rows, what another manager reads of them, and the entities in memory are as the model says, and a
// second flush is empty. KIN_TEST_SEED and KIN_TEST_CASES choose other runs than the usual ones; a failure
// names its seed.
#include <gmock/gmock.h>

#include <cstdlib>
#include <sstream>
#include <stdexcept>

#include <rapidcheck.h>

#include "db/support/database.hpp"
#include "db/unit_of_work/property_session.hpp"

namespace kin::test::uow_property {

class UowProperty : public DatabaseTest {
 protected:
  static std::uint64_t number_of(const char* variable, std::uint64_t usual) {
    const char* text = std::getenv(variable);
    return text ? std::strtoull(text, nullptr, 10) : usual;
  }

  /// Runs lists of commands of growing length; of one that fails, tells the shortest that still does.
  void check(std::uint64_t seed, int cases) {
    start(entities, [](Options& options) { options.flush_mode = FlushMode::commit; });
    // Short lists too may hold every command: inRange() would leave the upper ones to the long lists.
    const auto below = [](int end) { return rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, end)); };
    const auto command = rc::gen::build<Command>(
        rc::gen::set(&Command::action, below(actions)), rc::gen::set(&Command::a, below(64)),
        rc::gen::set(&Command::b, below(64)), rc::gen::set(&Command::c, below(64)));
    const auto lists = rc::gen::container<std::vector<Command>>(command);
    rc::detail::TestParams params;
    params.seed = number_of("KIN_TEST_SEED", seed);
    params.maxSuccess = static_cast<int>(number_of("KIN_TEST_CASES", static_cast<std::uint64_t>(cases)));
    params.maxSize = 60;
    std::string failure;
    int checks = 0;
    std::size_t done = 0;
    const auto property = [&] {
      const std::vector<Command> commands = *lists;
      Session session(orm(), [&](const std::function<void()>& work) {
        clear_statements();
        work();
        return sent().size();
      });
      try {
        session.run(commands);
        checks += session.checks();
        done += commands.size();
      } catch (const std::exception& error) {
        failure = session.trace() + error.what();
        RC_FAIL(std::string(error.what()));
      }
    };
    rc::detail::TestMetadata metadata;
    metadata.id = metadata.description = "unit of work";
    const rc::detail::TestResult result = rc::detail::checkTestable(property, metadata, params);
    RecordProperty("commands", static_cast<int>(done));
    RecordProperty("checks", checks);
    if (result.is<rc::detail::SuccessResult>()) {
      EXPECT_GT(checks, 2 * params.maxSuccess) << "the commands do not lead to flushes any more";
      return;
    }
    std::ostringstream text;
    rc::detail::printResultMessage(result, text);
    ADD_FAILURE() << "KIN_TEST_SEED=" << params.seed << " KIN_TEST_CASES=" << params.maxSuccess << "\n"
                  << failure << "\n"
                  << text.str();
  }
};

TEST_P(UowProperty, RowsAndMemoryAreAsTheModelSays) { check(20'260'801, 300); }

KIN_ON_EVERY_DATABASE(UowProperty);

}  // namespace kin::test::uow_property
