// SPDX-License-Identifier: MIT
// on_create_connection and on_reserve_connection: of the options, and of one manager.
#include <gmock/gmock.h>

#include <algorithm>
#include <stdexcept>

#include "db/support/database.hpp"

namespace kin::test::connection_hooks {

using testing::HasSubstr;

struct Note {
  std::int64_t id{};
  std::string text{};
};

class ConnectionHooks : public DatabaseTest {
 protected:
  // On SQLite others need not wait for such a transaction.
  const TransactionOptions reading{.read_only = true};
  std::size_t sent_with(const std::string& text) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        sent(), [&](const std::string& statement) { return statement.find(text) != std::string::npos; }));
  }
};

TEST_P(ConnectionHooks, EachNewConnectionRunsWhatTheHookRecords) {
  start(entities<Note>, [](Options& options) {
    options.on_create_connection = [](ConnectionSetup& setup) {
      setup.execute("select 'created' as a, {} as b", 7).execute("select 'then' as a");
    };
  });
  EntityManager first = orm().em();
  first.begin(reading);
  EXPECT_EQ(first.count<Note>(), 0u);
  clear_statements();
  EntityManager second = orm().em();
  second.begin(reading);  // a transaction of its own needs a second connection
  second.rollback();
  EXPECT_EQ(sent_with("'created'"), 1u) << "logged like any statement";
  EXPECT_EQ(sent_with("'then'"), 1u);
  first.rollback();
  clear_statements();
  EXPECT_EQ(orm().em().count<Note>(), 0u);
  EXPECT_EQ(sent_with("'created'"), 0u);
}

TEST_P(ConnectionHooks, EachLoanRunsWhatTheHooksRecordInOrder) {
  start(entities<Note>, [](Options& options) {
    options.pool_size = 1;
    options.on_reserve_connection = [](ConnectionSetup& setup) { setup.execute("select 'lent' as a"); };
  });
  ManagerOptions own;
  own.on_reserve_connection = [](ConnectionSetup& setup) {
    setup.execute("select 'to' as a, {} as b, {} as c", std::string("it's"), std::optional<int>());
  };
  EntityManager em = orm().em(own);
  clear_statements();
  EXPECT_EQ(em.count<Note>(), 0u);
  ASSERT_EQ(sent().size(), 3u);
  EXPECT_THAT(sent()[0], HasSubstr("'lent'"));
  EXPECT_THAT(sent()[1], HasSubstr("'to'"));
  clear_statements();
  em.transactional([](EntityManager& inner) {
    (void)inner.count<Note>();
    inner.create<Note>({.text = "a"});
  });
  EXPECT_EQ(sent_with("'lent'"), 1u) << "a transaction is one loan";
  EXPECT_EQ(sent_with("'to'"), 1u);
  clear_statements();
  EXPECT_EQ(sync_wait(em.count_async<Note>()), 1u);
  EXPECT_EQ(sent_with("'to'"), 1u);
  clear_statements();
  EXPECT_EQ(orm().em().count<Note>(), 1u);
  EXPECT_EQ(sent_with("'lent'"), 1u);
  EXPECT_EQ(sent_with("'to'"), 0u) << "the other manager's";
}

TEST_P(ConnectionHooks, AForkHasThoseOfItsManager) {
  start(entities<Note>, [](Options& options) { options.pool_size = 2; });
  ManagerOptions own;
  own.on_reserve_connection = [](ConnectionSetup& setup) { setup.execute("select 'to' as a"); };
  EntityManager em = orm().em(own);
  EntityManager fork = em.fork();
  clear_statements();
  EXPECT_EQ(fork.count<Note>(), 0u);
  EXPECT_EQ(sent_with("'to'"), 1u);
  clear_statements();
  TransactionOptions options;
  options.propagation = Propagation::requires_new;
  em.transactional([](EntityManager& inner) { inner.create<Note>({.text = "a"}); }, options);
  EXPECT_EQ(sent_with("'to'"), 1u);
}

TEST_P(ConnectionHooks, WhatTheHookOfALoanSetsIsGoneInTheNextOne) {
  start(entities<Note>, [](Options& options) { options.pool_size = 1; });
  const SessionTexts& texts = traits().session;
  EntityManager plain = orm().em();
  const std::string before = plain.execute(texts.get)[0]["value"].to_string();
  ManagerOptions own;
  own.on_reserve_connection = [&](ConnectionSetup& setup) { setup.execute(texts.set); };
  EntityManager em = orm().em(own);
  const std::string set = em.execute(texts.get)[0]["value"].to_string();
  EXPECT_NE(set, before);
  EXPECT_EQ(plain.execute(texts.get)[0]["value"].to_string(), before);
  EXPECT_EQ(em.execute(texts.get)[0]["value"].to_string(), set);
}

TEST_P(ConnectionHooks, WhatTheHookOfAConnectionSetsStays) {
  const SessionTexts texts = traits().session;
  start(entities<Note>, [&](Options& options) {
    options.pool_size = 1;
    options.on_create_connection = [texts](ConnectionSetup& setup) { setup.execute(texts.set); };
  });
  const std::string set = orm().em().execute(texts.get)[0]["value"].to_string();
  orm().em().execute(texts.temporary_table);  // the session is renewed after it
  EXPECT_EQ(orm().em().execute(texts.get)[0]["value"].to_string(), set);
  (void)orm().em().count<Note>();
  EXPECT_EQ(orm().em().execute(texts.get)[0]["value"].to_string(), set);
}

TEST_P(ConnectionHooks, AnErrorSaysWhichHookAndNothingIsLent) {
  bool fails = false;
  start(entities<Note>, [&](Options& options) {
    options.pool_size = 1;
    options.on_reserve_connection = [&](ConnectionSetup& setup) {
      if (fails) setup.execute("select no_such_column");
    };
  });
  fails = true;
  EntityManager em = orm().em();
  try {
    (void)em.count<Note>();
    FAIL() << "a connection was lent that is not as it should be";
  } catch (const ConnectionSetupError& error) {
    EXPECT_THAT(error.what(), HasSubstr("Options::on_reserve_connection"));
    EXPECT_THAT(error.sql(), HasSubstr("no_such_column"));
  }
  EXPECT_THROW(em.begin(), ConnectionSetupError);
  EXPECT_THROW((void)sync_wait(em.count_async<Note>()), ConnectionSetupError);
  fails = false;
  EXPECT_EQ(em.count<Note>(), 0u) << "the place in the pool is free again";

  ManagerOptions own;
  own.on_reserve_connection = [](ConnectionSetup& setup) { setup.execute("select {}, {}", 1); };
  try {
    (void)orm().em(own).count<Note>();
    FAIL() << "a connection was lent that is not as it should be";
  } catch (const ConnectionSetupError& error) {
    EXPECT_THAT(error.what(), HasSubstr("ManagerOptions::on_reserve_connection"));
  }
  EXPECT_EQ(em.count<Note>(), 0u);
}

TEST_P(ConnectionHooks, AnExceptionOfTheHooksOwnPassesThrough) {
  start(entities<Note>, [](Options& options) { options.pool_size = 1; });
  ManagerOptions own;
  own.on_reserve_connection = [](ConnectionSetup&) { throw std::domain_error("no tenant"); };
  EXPECT_THROW((void)orm().em(own).count<Note>(), std::domain_error);
  EXPECT_EQ(orm().em().count<Note>(), 0u);
}

TEST_P(ConnectionHooks, AFailingHookOfNewConnectionsMakesNone) {
  bool fails = false;
  const auto change = [&](Options& options) {
    options.on_create_connection = [&](ConnectionSetup& setup) {
      if (fails) setup.execute("select no_such_column");
    };
  };
  start(entities<Note>, change);
  fails = true;
  EntityManager first = orm().em();
  first.begin(reading);
  EntityManager second = orm().em();
  try {
    second.begin(reading);
    FAIL() << "a connection was made that is not as it should be";
  } catch (const ConnectionSetupError& error) {
    EXPECT_THAT(error.what(), HasSubstr("Options::on_create_connection"));
  }
  first.rollback();
}

KIN_ON_EVERY_DATABASE(ConnectionHooks);

}  // namespace kin::test::connection_hooks
