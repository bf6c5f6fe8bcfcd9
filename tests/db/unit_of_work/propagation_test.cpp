// SPDX-License-Identifier: MIT
// What each Propagation does inside and outside of a transaction, and the other options of one.
#include <gmock/gmock.h>
#include <kin/sqlite.hpp>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "db/support/database.hpp"

namespace kin::test::uow_propagation {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Account {
  std::int64_t id{};
  std::string owner{};
  std::int64_t balance{};
};
inline void describe(Schema<Account>& account) { account.on<&Account::owner>(unique); }
struct Card {
  std::int64_t id{};
  Ref<Account> account{};
};
inline constexpr EntityList entities = kin::entities<Account, Card>;

/// What a call says that refuses to run; fails the test when it runs.
template <class E, class F>
std::string refusal(F&& call) {
  try {
    call();
  } catch (const E& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

/// With work that is not to be reached.
template <class E>
std::string refusal(EntityManager& em, const TransactionOptions& options) {
  return refusal<E>(
      [&] { em.transactional([](EntityManager&) { ADD_FAILURE() << "the work ran"; }, options); });
}

const auto savepoint_of_flush = HasSubstr("savepoint \"kin_1000\"");
const auto release_of_flush = HasSubstr("release savepoint \"kin_1000\"");
const auto insert = HasSubstr("insert into");

class UowPropagation : public DatabaseTest {
 protected:
  std::int64_t stored(const std::string& owner) {
    EntityManager em = orm().em();
    auto account = em.find_one<Account>(field<&Account::owner> == owner);
    return account ? account->balance : -1;
  }
  /// A lock or a connection that is not to be had is told of soon.
  Orm& start_impatient(std::uint32_t pool_size = 8) {
    return start(entities, [&](Options& options) {
      options.pool_size = pool_size;
      options.acquire_timeout = std::chrono::milliseconds(20);
      if (!traits().locks_rows)
        options.driver = sqlite::driver({.busy_timeout = std::chrono::milliseconds(1)});
    });
  }
};

// nested

TEST_P(UowPropagation, NestedIsATransactionOutsideAndASavepointInside) {
  EntityManager em = start(entities).em();
  em.transactional(
      [](EntityManager& outer) {
        outer.transactional([](EntityManager& inner) { inner.create<Account>({.owner = "a"}); },
                            {.propagation = Propagation::nested});
      },
      {.propagation = Propagation::nested});
  EXPECT_THAT(statements(), ElementsAre("begin", "savepoint \"kin_1\"", savepoint_of_flush, insert,
                                        release_of_flush, "release savepoint \"kin_1\"", "commit"));
  EXPECT_EQ(stored("a"), 0);
}

TEST_P(UowPropagation, NestedUndoesItsPartAlone) {
  EntityManager em = start(entities).em();
  em.transactional([](EntityManager& outer) {
    outer.create<Account>({.owner = "a"});
    Ref<Account> b;
    const auto fails = [&](EntityManager& inner) {
      b = inner.create<Account>({.owner = "b"});
      inner.flush();
      throw std::domain_error("mine");
    };
    EXPECT_THROW(outer.transactional(fails, {.propagation = Propagation::nested}), std::domain_error);
    outer.remove(b);
  });
  EXPECT_EQ(stored("a"), 0);
  EXPECT_EQ(stored("b"), -1);
}

// required

TEST_P(UowPropagation, RequiredIsATransactionOutside) {
  EntityManager em = start(entities).em();
  em.transactional([](EntityManager& inner) { inner.create<Account>({.owner = "a"}); },
                   {.propagation = Propagation::required});
  EXPECT_THAT(statements(), ElementsAre("begin", savepoint_of_flush, insert, release_of_flush, "commit"));
  EXPECT_FALSE(em.is_in_transaction());
}

TEST_P(UowPropagation, RequiredJoinsInside) {
  EntityManager em = start(entities).em();
  em.begin();
  em.transactional(
      [&](EntityManager& inner) {
        EXPECT_EQ(&inner, &em);
        EXPECT_TRUE(inner.is_in_transaction());
        inner.create<Account>({.owner = "a"});
      },
      {.propagation = Propagation::required});
  EXPECT_FALSE(em.has_changes()) << "the end of the work flushes";
  EXPECT_TRUE(em.is_in_transaction());
  EXPECT_THAT(statements(), ElementsAre("begin", savepoint_of_flush, insert, release_of_flush));
  em.rollback();
  EXPECT_EQ(stored("a"), -1) << "the outer one decides";
}

TEST_P(UowPropagation, AnErrorInJoinedWorkLeavesWhatItFlushed) {
  EntityManager em = start(entities).em();
  for (const Propagation joins : {Propagation::required, Propagation::supports, Propagation::mandatory}) {
    const std::string name = "flushed " + std::to_string(static_cast<int>(joins));
    const std::string pending = "pending " + std::to_string(static_cast<int>(joins));
    em.begin();
    clear_statements();
    const auto fails = [&](EntityManager& inner) {
      inner.create<Account>({.owner = name});
      inner.flush();
      inner.create<Account>({.owner = pending});
      throw std::domain_error("mine");
    };
    EXPECT_THROW(em.transactional(fails, {.propagation = joins}), std::domain_error);
    EXPECT_THAT(statements(), ElementsAre(savepoint_of_flush, insert, release_of_flush))
        << "nothing is rolled back";
    em.commit();
    EXPECT_FALSE(em.is_in_transaction());
    EXPECT_EQ(stored(name), 0);
    EXPECT_EQ(stored(pending), 0) << "it was pending still, and the outer one decided to commit";
  }
}

TEST_P(UowPropagation, JoinedWorkThatLeavesSavepointsOpenLosesThemWithAnError) {
  EntityManager em = start(entities).em();
  em.begin();
  const auto fails = [](EntityManager& inner) {
    inner.begin();
    inner.begin({.propagation = Propagation::required});
    inner.create<Account>({.owner = "a"});
    inner.flush();
    throw std::domain_error("mine");
  };
  EXPECT_THROW(em.transactional(fails, {.propagation = Propagation::required}), std::domain_error);
  EXPECT_EQ(statements().back(), "rollback to savepoint \"kin_2\"");
  EXPECT_TRUE(em.has_changes()) << "what the savepoint had is pending again";
  em.commit();
  EXPECT_FALSE(em.is_in_transaction());
  EXPECT_EQ(stored("a"), 0);
}

// supports

TEST_P(UowPropagation, SupportsHasNoTransactionOutside) {
  EntityManager em = start(entities).em();
  em.transactional(
      [&](EntityManager& inner) {
        EXPECT_EQ(&inner, &em);
        EXPECT_FALSE(inner.is_in_transaction());
        inner.find<Account>().list();
        inner.create<Account>({.owner = "a"});
      },
      {.propagation = Propagation::supports});
  EXPECT_THAT(statements(), ElementsAre(HasSubstr("select"), "begin", insert, "commit")) << "a flush as ever";
  const auto fails = [](EntityManager& inner) {
    inner.create<Account>({.owner = "b"});
    inner.flush();
    inner.create<Account>({.owner = "c"});
    throw std::domain_error("mine");
  };
  EXPECT_THROW(em.transactional(fails, {.propagation = Propagation::supports}), std::domain_error);
  EXPECT_TRUE(em.has_changes()) << "c is pending still";
  EXPECT_EQ(stored("b"), 0) << "nothing holds it back";
  EXPECT_EQ(stored("c"), -1);
}

TEST_P(UowPropagation, SupportsJoinsInside) {
  EntityManager em = start(entities).em();
  em.begin();
  em.transactional(
      [](EntityManager& inner) {
        EXPECT_TRUE(inner.is_in_transaction());
        inner.create<Account>({.owner = "a"});
      },
      {.propagation = Propagation::supports});
  EXPECT_THAT(statements(), ElementsAre("begin", savepoint_of_flush, insert, release_of_flush));
  em.commit();
  EXPECT_EQ(stored("a"), 0);
}

// mandatory and never

TEST_P(UowPropagation, MandatoryIsAnErrorOutside) {
  EntityManager em = start(entities).em();
  em.create<Account>({.owner = "a"});
  const std::string said = refusal<TransactionStateError>(em, {.propagation = Propagation::mandatory});
  EXPECT_THAT(said, HasSubstr("Propagation::mandatory: no transaction is open; call begin()"));
  EXPECT_THAT(statements(), IsEmpty());
  EXPECT_TRUE(em.has_changes());
}

TEST_P(UowPropagation, MandatoryJoinsInside) {
  EntityManager em = start(entities).em();
  em.transactional([](EntityManager& outer) {
    outer.transactional([](EntityManager& inner) { inner.create<Account>({.owner = "a"}); },
                        {.propagation = Propagation::mandatory});
  });
  EXPECT_THAT(statements(), ElementsAre("begin", savepoint_of_flush, insert, release_of_flush, "commit"));
}

TEST_P(UowPropagation, NeverHasNoTransactionOutside) {
  EntityManager em = start(entities).em();
  em.transactional(
      [](EntityManager& inner) {
        EXPECT_FALSE(inner.is_in_transaction());
        inner.create<Account>({.owner = "a"});
      },
      {.propagation = Propagation::never});
  EXPECT_THAT(statements(), ElementsAre("begin", insert, "commit"));
}

TEST_P(UowPropagation, NeverIsAnErrorInside) {
  EntityManager em = start(entities).em();
  em.begin();
  em.create<Account>({.owner = "a"});
  const std::string said = refusal<TransactionStateError>(em, {.propagation = Propagation::never});
  EXPECT_THAT(said, HasSubstr("Propagation::never: a transaction is open; commit()"));
  EXPECT_THAT(statements(), ElementsAre("begin"));
  em.commit();
  EXPECT_EQ(stored("a"), 0);
}

// requires_new and not_supported

TEST_P(UowPropagation, RequiresNewHasAManagerOfItsOwn) {
  EntityManager em = start(entities).em();
  auto mine = em.create<Account>({.owner = "mine", .balance = 1});
  em.flush();
  mine->balance = 2;
  clear_statements();
  const std::int64_t id = em.transactional(
      [&](EntityManager& inner) {
        EXPECT_NE(&inner, &em);
        EXPECT_TRUE(inner.is_in_transaction());
        EXPECT_FALSE(em.is_in_transaction());
        auto same_row = inner.find_one_or_fail<Account>(mine->id);
        EXPECT_NE(same_row, mine);
        EXPECT_EQ(same_row->balance, 1) << "what is pending outside is not seen";
        return inner.create<Account>({.owner = "a"})->id;
      },
      {.propagation = Propagation::requires_new});
  EXPECT_EQ(id, 0) << "the commit makes the key, after the work";
  EXPECT_THAT(statements(), ElementsAre("begin", HasSubstr("select"), savepoint_of_flush, insert,
                                        release_of_flush, "commit"));
  EXPECT_TRUE(em.has_changes());
  EXPECT_EQ(stored("mine"), 1);
  EXPECT_EQ(stored("a"), 0);
  em.flush();
  EXPECT_EQ(stored("mine"), 2);
}

TEST_P(UowPropagation, RequiresNewOutlivesTheOuterOne) {
  EntityManager em = start(entities).em();
  const auto fails = [](EntityManager& outer) {
    outer.transactional([](EntityManager& inner) { inner.create<Account>({.owner = "kept"}); },
                        {.propagation = Propagation::requires_new});
    EXPECT_TRUE(outer.is_in_transaction());
    throw std::domain_error("mine");
  };
  // Read-only, so that it leaves SQLite's one lock for writing to the inner one.
  EXPECT_THROW(em.transactional(fails, {.read_only = true}), std::domain_error);
  EXPECT_THAT(statements(), ElementsAre("begin", "begin", savepoint_of_flush, insert, release_of_flush,
                                        "commit", "rollback"));
  EXPECT_EQ(stored("kept"), 0);
}

TEST_P(UowPropagation, RequiresNewBesideWritesOfTheOuterOne) {
  EntityManager em = start_impatient().em();
  em.begin();
  em.create<Account>({.owner = "outer"});
  em.flush();
  const auto write = [&] {
    em.transactional([](EntityManager& inner) { inner.create<Account>({.owner = "inner"}); },
                     {.propagation = Propagation::requires_new});
  };
  if (traits().locks_rows) {
    EXPECT_NO_THROW(write());
    EXPECT_TRUE(em.is_in_transaction());
    em.rollback();
    EXPECT_EQ(stored("outer"), -1);
    EXPECT_EQ(stored("inner"), 0);
    return;
  }
  EXPECT_THROW(write(), LockWaitTimeoutError) << "there is one writer at a time";
  em.commit();
  EXPECT_EQ(stored("outer"), 0);
}

TEST_P(UowPropagation, RequiresNewThatFailsLeavesTheOuterOneAsItIs) {
  EntityManager em = start(entities).em();
  em.begin({.read_only = true});
  clear_statements();
  const auto fails = [](EntityManager& inner) {
    inner.create<Account>({.owner = "a"});
    inner.flush();
    throw std::domain_error("mine");
  };
  EXPECT_THROW(em.transactional(fails, {.propagation = Propagation::requires_new}), std::domain_error);
  EXPECT_THAT(statements(), ElementsAre("begin", savepoint_of_flush, insert, release_of_flush, "rollback"));
  EXPECT_TRUE(em.is_in_transaction());
  EXPECT_EQ(em.count<Account>(), 0u);
  em.commit();
  EXPECT_EQ(statements().back(), "commit");
  EXPECT_EQ(stored("a"), -1);
}

TEST_P(UowPropagation, RequiresNewHasOptionsOfItsOwn) {
  EntityManager em = start(entities).em();
  em.begin({.read_only = true});
  em.transactional([](EntityManager& inner) { inner.create<Account>({.owner = "a"}); },
                   {.propagation = Propagation::requires_new, .isolation = Isolation::serializable});
  EXPECT_EQ(stored("a"), 0);
  const auto writes = [](EntityManager& inner) { inner.create<Account>({.owner = "b"}); };
  EXPECT_THROW(em.transactional(writes, {.propagation = Propagation::requires_new, .read_only = true}),
               ReadOnlyError);
  EXPECT_EQ(stored("b"), -1);
}

TEST_P(UowPropagation, RequiresNewRetriesByItself) {
  EntityManager em = start(entities).em();
  em.begin({.read_only = true});
  int runs = 0;
  em.transactional(
      [&](EntityManager& inner) {
        EXPECT_FALSE(inner.has_changes());
        inner.create<Account>({.owner = "a", .balance = ++runs});
        inner.flush();
        if (runs < 3) throw LockWaitTimeoutError("pretended", ErrorDetails{.retryable = true});
      },
      {.propagation = Propagation::requires_new, .retries = 3});
  EXPECT_EQ(runs, 3);
  EXPECT_EQ(stored("a"), 3);
}

TEST_P(UowPropagation, RequiresNewInAPoolOfOneIsAnError) {
  EntityManager em = start_impatient(1).em();
  em.begin();
  const std::string said = refusal<ConnectionError>(em, {.propagation = Propagation::requires_new});
  EXPECT_THAT(said, HasSubstr("needs a connection beside that of the open transaction"));
  EXPECT_THAT(said, HasSubstr("Options::pool_size"));
  EXPECT_THAT(statements(), ElementsAre("begin"));
  em.create<Account>({.owner = "a"});
  em.commit();
  EXPECT_EQ(stored("a"), 0) << "the outer one goes on";
  em.transactional([](EntityManager& inner) { inner.create<Account>({.owner = "b"}); },
                   {.propagation = Propagation::requires_new});
  EXPECT_EQ(stored("b"), 0) << "without an outer one it has the connection";
}

TEST_P(UowPropagation, NotSupportedHasAManagerWithoutATransaction) {
  EntityManager em = start(entities).em();
  const auto fails = [&](EntityManager& outer) {
    outer.transactional(
        [&](EntityManager& inner) {
          EXPECT_NE(&inner, &outer);
          EXPECT_FALSE(inner.is_in_transaction());
          EXPECT_TRUE(outer.is_in_transaction());
          inner.create<Account>({.owner = "kept"});
        },
        {.propagation = Propagation::not_supported});
    throw std::domain_error("mine");
  };
  EXPECT_THROW(em.transactional(fails, {.read_only = true}), std::domain_error);
  EXPECT_THAT(statements(), ElementsAre("begin", "begin", insert, "commit", "rollback"));
  EXPECT_EQ(stored("kept"), 0);
  clear_statements();
  em.transactional([&](EntityManager& inner) { EXPECT_NE(&inner, &em); },
                   {.propagation = Propagation::not_supported});
  EXPECT_THAT(statements(), IsEmpty()) << "outside, too";
}

TEST_P(UowPropagation, ForksRefuseEntitiesOfTheOuterManager) {
  EntityManager em = start(entities).em();
  auto mine = em.create<Account>({.owner = "a"});
  em.flush();
  for (const Propagation forks : {Propagation::requires_new, Propagation::not_supported}) {
    const auto removes = [&](EntityManager& inner) { inner.remove(mine); };
    EXPECT_THAT(refusal<ValidationError>([&] { em.transactional(removes, {.propagation = forks}); }),
                HasSubstr("belongs to another EntityManager"));
    const auto refers = [&](EntityManager& inner) { inner.create<Card>({.account = mine}); };
    EXPECT_THAT(refusal<ValidationError>([&] { em.transactional(refers, {.propagation = forks}); }),
                HasSubstr("belongs to another EntityManager"));
    em.transactional(
        [&](EntityManager& inner) {
          inner.create<Card>({.account = inner.get_reference<Account>(mine->id)});
        },
        {.propagation = forks});
  }
  EXPECT_EQ(em.count<Card>(), 2u);
}

TEST_P(UowPropagation, ForksDoNotGiveEntitiesBack) {
  EntityManager em = start(entities).em();
  const auto refused = [&](auto work) {
    const TransactionOptions options{.propagation = Propagation::requires_new};
    EXPECT_THAT(refusal<ValidationError>([&] { em.transactional(work, options); }),
                HasSubstr("return the key"));
  };
  refused([](EntityManager& inner) { return inner.create<Account>({.owner = "a"}); });
  refused([](EntityManager& inner) { return inner.find<Account>().list(); });
  refused([](EntityManager& inner) { return inner.find<Card>().populate<&Card::account>().list(); });
  refused([](EntityManager& inner) {
    return std::optional(inner.find<Card>().populate<&Card::account>().one());
  });
  EXPECT_THAT(statements(), IsEmpty()) << "before the work runs";
  auto a = em.transactional([](EntityManager& inner) { return inner.create<Account>({.owner = "a"}); });
  EXPECT_EQ(a->owner, "a");
}

// What the transaction is like

TEST_P(UowPropagation, WhatATransactionIsLikeIsNotChangedInside) {
  EntityManager em = start(entities).em();
  em.begin({.isolation = Isolation::serializable});
  clear_statements();
  for (const Propagation inside :
       {Propagation::nested, Propagation::required, Propagation::supports, Propagation::mandatory}) {
    EXPECT_THAT(
        refusal<TransactionStateError>(em, {.propagation = inside, .isolation = Isolation::read_committed}),
        HasSubstr("was not begun with this isolation"));
    EXPECT_THAT(refusal<TransactionStateError>(em, {.propagation = inside, .read_only = true}),
                HasSubstr("give it to the outermost transaction"));
  }
  EXPECT_THROW(em.begin({.isolation = Isolation::read_committed}), TransactionStateError);
  EXPECT_THAT(statements(), IsEmpty());
  em.transactional([](EntityManager&) {}, {.isolation = Isolation::serializable});
  EXPECT_THAT(statements(), ElementsAre("savepoint \"kin_1\"", "release savepoint \"kin_1\""));
  em.commit();
  em.begin();
  EXPECT_THROW(em.begin({.isolation = Isolation::serializable}), TransactionStateError)
      << "that was another one";
  em.commit();
}

TEST_P(UowPropagation, WithoutATransactionNothingHasAnIsolation) {
  EntityManager em = start(entities).em();
  for (const Propagation none : {Propagation::supports, Propagation::never, Propagation::not_supported}) {
    EXPECT_THAT(refusal<ValidationError>(em, {.propagation = none, .isolation = Isolation::serializable}),
                HasSubstr("use Propagation::required"));
    EXPECT_THROW(em.transactional([](EntityManager&) {}, {.propagation = none, .read_only = true}),
                 ValidationError);
  }
  EXPECT_THAT(statements(), IsEmpty());
}

TEST_P(UowPropagation, DeferrableIsForSerializableReaders) {
  EntityManager em = start(entities).em();
  const TransactionOptions options{
      .isolation = Isolation::serializable, .read_only = true, .deferrable = true};
  if (!traits().has_deferrable_transactions) {
    EXPECT_THAT(refusal<UnsupportedError>(em, options), HasSubstr("leave `deferrable` out"));
    EXPECT_THROW(em.begin(options), UnsupportedError);
    EXPECT_THAT(sent(), IsEmpty());
    return;
  }
  EXPECT_THAT(refusal<ValidationError>(em, {.read_only = true, .deferrable = true}),
              HasSubstr("serializable"));
  EXPECT_THAT(refusal<ValidationError>(em, {.isolation = Isolation::serializable, .deferrable = true}),
              HasSubstr(".read_only = true"));
  EXPECT_THAT(sent(), IsEmpty());
  EXPECT_EQ(em.transactional([](EntityManager& inner) { return inner.count<Account>(); }, options), 0u);
  EXPECT_EQ(sent().front(), "begin isolation level serializable read only deferrable");
}

// begin, commit and rollback

TEST_P(UowPropagation, BeginJoins) {
  EntityManager em = start(entities).em();
  em.begin({.propagation = Propagation::required});
  em.begin({.propagation = Propagation::mandatory});
  em.create<Account>({.owner = "a"});
  em.commit();
  EXPECT_TRUE(em.is_in_transaction());
  EXPECT_THAT(statements(), ElementsAre("begin", savepoint_of_flush, insert, release_of_flush));
  em.commit();
  EXPECT_FALSE(em.is_in_transaction());
  EXPECT_EQ(statements().back(), "commit");
  EXPECT_EQ(stored("a"), 0);
}

TEST_P(UowPropagation, ABeginThatJoinedIsRolledBackWithAllOfIt) {
  EntityManager em = start(entities).em();
  em.begin();
  em.create<Account>({.owner = "a"});
  em.flush();
  em.begin();
  auto b = em.create<Account>({.owner = "b"});
  em.begin({.propagation = Propagation::required});
  auto c = em.create<Account>({.owner = "c"});
  em.flush();
  em.rollback();
  EXPECT_EQ(statements().back(), "release savepoint \"kin_1000\"") << "nothing can be undone alone";
  EXPECT_THAT(refusal<TransactionStateError>([&] { em.commit(); }), HasSubstr("call rollback()"));
  em.rollback();
  EXPECT_EQ(statements().back(), "rollback to savepoint \"kin_1\"");
  em.remove(b);
  em.remove(c);
  em.commit();
  EXPECT_EQ(stored("a"), 0) << "the savepoint that was joined, and no more";
  EXPECT_EQ(stored("b"), -1);
  EXPECT_EQ(stored("c"), -1);
}

TEST_P(UowPropagation, BeginTakesWhatNeedsNoFunction) {
  EntityManager em = start(entities).em();
  EXPECT_THROW(em.begin({.propagation = Propagation::mandatory}), TransactionStateError);
  for (const Propagation needs :
       {Propagation::requires_new, Propagation::supports, Propagation::not_supported})
    EXPECT_THAT(
        refusal<ValidationError>([&] { em.begin({.propagation = needs}); }),
        HasSubstr(
            "needs the work as a function; call em.transactional(work, {.propagation = kin::Propagation::"));
  EXPECT_THROW(em.begin({.disabled = true}), ValidationError);
  EXPECT_THAT(statements(), IsEmpty());
  em.begin({.propagation = Propagation::never});
  EXPECT_TRUE(em.is_in_transaction());
  EXPECT_THROW(em.begin({.propagation = Propagation::never}), TransactionStateError);
  em.rollback();
  EXPECT_THAT(statements(), ElementsAre("begin", "rollback"));
}

TEST_P(UowPropagation, WorkEndsWhatItBeginsAndNoMore) {
  EntityManager em = start(entities).em();
  const auto left_open = [](EntityManager& inner) {
    inner.begin();
    inner.create<Account>({.owner = "a"});
  };
  EXPECT_THAT(refusal<TransactionStateError>([&] { em.transactional(left_open); }),
              HasSubstr("has begun a transaction and not ended it"));
  EXPECT_FALSE(em.is_in_transaction());
  EXPECT_EQ(statements().back(), "rollback");
  EXPECT_EQ(stored("a"), -1);
  em.clear();
  em.begin();
  for (const Propagation inside : {Propagation::nested, Propagation::required}) {
    const auto ends = [](EntityManager& inner) { inner.commit(); };
    EXPECT_THAT(refusal<TransactionStateError>([&] { em.transactional(ends, {.propagation = inside}); }),
                HasSubstr("has ended the transaction that it runs in"));
    EXPECT_TRUE(em.is_in_transaction()) << "the outer one is not touched";
  }
  em.rollback();
  EXPECT_FALSE(em.is_in_transaction());
}

// Retries

TEST_P(UowPropagation, InsideOfATransactionRetriesAreThatOnes) {
  EntityManager em = start(entities).em();
  for (const Propagation inside :
       {Propagation::nested, Propagation::required, Propagation::supports, Propagation::mandatory}) {
    int outer_runs = 0;
    int inner_runs = 0;
    const auto work = [&](EntityManager& outer) {
      ++outer_runs;
      outer.transactional(
          [&](EntityManager&) {
            if (++inner_runs < 3) throw LockWaitTimeoutError("pretended", ErrorDetails{.retryable = true});
          },
          {.propagation = inside, .retries = 5});
    };
    em.transactional(work, {.retries = 5});
    EXPECT_EQ(outer_runs, 3);
    EXPECT_EQ(inner_runs, 3);
  }
}

TEST_P(UowPropagation, WithoutATransactionNothingIsTriedAgain) {
  EntityManager em = start(entities).em();
  for (const Propagation none : {Propagation::supports, Propagation::never, Propagation::not_supported}) {
    int runs = 0;
    const auto fails = [&](EntityManager&) {
      ++runs;
      throw LockWaitTimeoutError("pretended", ErrorDetails{.retryable = true});
    };
    EXPECT_THROW(em.transactional(fails, {.propagation = none, .retries = 3}), LockWaitTimeoutError);
    EXPECT_EQ(runs, 1);
  }
}

// flush_mode, clear, disabled

TEST_P(UowPropagation, FlushModeLastsAsLongAsTheWork) {
  EntityManager em = start(entities).em();
  const TransactionOptions late{.flush_mode = FlushMode::commit};
  em.transactional(
      [](EntityManager& inner) {
        EXPECT_EQ(inner.flush_mode(), FlushMode::commit);
        inner.create<Account>({.owner = "a"});
        EXPECT_EQ(inner.count<Account>(), 0u) << "not flushed before the query";
      },
      late);
  EXPECT_EQ(em.flush_mode(), FlushMode::automatic);
  EXPECT_EQ(em.count<Account>(), 1u);
  EXPECT_THROW(em.transactional([](EntityManager&) { throw std::domain_error("mine"); }, late),
               std::domain_error);
  EXPECT_EQ(em.flush_mode(), FlushMode::automatic);
  for (const Propagation propagation :
       {Propagation::required, Propagation::never, Propagation::requires_new}) {
    em.transactional([](EntityManager& inner) { EXPECT_EQ(inner.flush_mode(), FlushMode::always); },
                     {.propagation = propagation, .flush_mode = FlushMode::always});
    EXPECT_EQ(em.flush_mode(), FlushMode::automatic);
  }
  em.transactional([](EntityManager& inner) { inner.set_flush_mode(FlushMode::commit); });
  EXPECT_EQ(em.flush_mode(), FlushMode::commit) << "set by hand it stays";
}

TEST_P(UowPropagation, FlushModeOfBeginLastsUntilItsEnd) {
  EntityManager em = start(entities).em();
  em.begin({.flush_mode = FlushMode::commit});
  em.begin({.propagation = Propagation::required, .flush_mode = FlushMode::always});
  EXPECT_EQ(em.flush_mode(), FlushMode::always);
  em.commit();
  EXPECT_EQ(em.flush_mode(), FlushMode::commit);
  em.begin({.flush_mode = FlushMode::always});
  em.rollback();
  EXPECT_EQ(em.flush_mode(), FlushMode::commit);
  em.commit();
  EXPECT_EQ(em.flush_mode(), FlushMode::automatic);
}

TEST_P(UowPropagation, ClearStartsTheWorkEmpty) {
  EntityManager em = start(entities).em();
  auto a = em.create<Account>({.owner = "a"});
  EXPECT_THAT(refusal<ValidationError>(em, {.clear = true}), HasSubstr("flush() or clear() first"));
  EXPECT_THROW(em.begin({.clear = true}), ValidationError);
  EXPECT_THAT(statements(), IsEmpty());
  em.flush();
  const std::int64_t id = a->id;
  clear_statements();
  em.transactional([&](EntityManager& inner) { inner.find_one_or_fail<Account>(id)->balance = 1; },
                   {.clear = true});
  EXPECT_THAT(statements(), ElementsAre("begin", HasSubstr("select"), savepoint_of_flush, HasSubstr("update"),
                                        release_of_flush, "commit"));
  EXPECT_EQ(stored("a"), 1);
  em.begin();
  em.begin({.clear = true});
  em.find_one_or_fail<Account>(id)->balance = 2;
  em.commit();
  em.commit();
  EXPECT_EQ(stored("a"), 2);
}

TEST_P(UowPropagation, DisabledOpensNone) {
  EntityManager em = start(entities).em();
  em.transactional(
      [](EntityManager& inner) {
        EXPECT_FALSE(inner.is_in_transaction());
        inner.begin();
        EXPECT_FALSE(inner.is_in_transaction()) << "nor does what is inside of it";
        inner.create<Account>({.owner = "a"});
        inner.commit();
        EXPECT_FALSE(inner.has_changes()) << "commit flushes still";
        inner.transactional([](EntityManager& again) { again.create<Account>({.owner = "b"}); },
                            {.propagation = Propagation::mandatory, .isolation = Isolation::serializable});
      },
      {.disabled = true});
  EXPECT_THAT(statements(), ElementsAre("begin", insert, "commit", "begin", insert, "commit"))
      << "the flushes' own";
  em.begin();
  EXPECT_TRUE(em.is_in_transaction()) << "afterwards it is as ever";
  clear_statements();
  em.transactional(
      [](EntityManager& inner) {
        inner.transactional([](EntityManager& again) { again.create<Account>({.owner = "c"}); });
      },
      {.disabled = true});
  EXPECT_THAT(statements(), ElementsAre(savepoint_of_flush, insert, release_of_flush))
      << "no savepoints inside";
  em.rollback();
  EXPECT_EQ(stored("a"), 0);
  EXPECT_EQ(stored("c"), -1);
}

TEST_P(UowPropagation, AManagerWithoutTransactions) {
  start(entities, [](Options& options) { options.disable_transactions = true; });
  EntityManager em = orm().em();
  em.begin();
  EXPECT_FALSE(em.is_in_transaction());
  em.create<Account>({.owner = "a"});
  em.commit();
  EXPECT_THAT(statements(), ElementsAre("begin", insert, "commit"))
      << "a flush is one transaction all the same";
  em.create<Account>({.owner = "b"});
  em.rollback();
  EXPECT_TRUE(em.has_changes()) << "it undoes nothing";
  em.commit();
  EXPECT_EQ(stored("b"), 0);
  const auto fails = [](EntityManager& inner) {
    inner.create<Account>({.owner = "c"});
    inner.flush();
    throw std::domain_error("mine");
  };
  EXPECT_THROW(em.transactional(fails), std::domain_error);
  EXPECT_EQ(stored("c"), 0);
  EntityManager usual = em.fork({.disable_transactions = false});
  usual.begin();
  EXPECT_TRUE(usual.is_in_transaction());
  usual.rollback();
  em.transactional([](EntityManager& inner) { EXPECT_FALSE(inner.is_in_transaction()); },
                   {.propagation = Propagation::requires_new});
}

// The async twins

Task<void> nest(EntityManager& em) {
  auto fails = [](EntityManager& inner) -> Task<void> {
    inner.create<Account>({.owner = "undone"});
    co_await inner.flush_async();
    throw std::domain_error("mine");
  };
  auto keeps = [](EntityManager& inner) -> Task<void> {
    inner.create<Account>({.owner = "kept"});
    co_return;
  };
  auto work = [&](EntityManager& outer) -> Task<int> {
    co_await outer.transactional_async(keeps);
    bool failed = false;
    try {
      co_await outer.transactional_async(fails);
    } catch (const std::domain_error&) {
      failed = true;
    }
    EXPECT_TRUE(failed);
    outer.clear();
    co_return 7;
  };
  const int result = co_await em.transactional_async(work);
  EXPECT_EQ(result, 7);
}

TEST_P(UowPropagation, NestedAwaited) {
  EntityManager em = start(entities).em();
  sync_wait(nest(em));
  EXPECT_FALSE(em.is_in_transaction());
  EXPECT_THAT(statements(),
              ElementsAre("begin", "savepoint \"kin_1\"", savepoint_of_flush, insert, release_of_flush,
                          "release savepoint \"kin_1\"", "savepoint \"kin_1\"", savepoint_of_flush, insert,
                          release_of_flush, "rollback to savepoint \"kin_1\"", "commit"));
  EXPECT_EQ(stored("kept"), 0);
  EXPECT_EQ(stored("undone"), -1);
}

Task<void> join(EntityManager& em) {
  TransactionOptions joins;
  joins.propagation = Propagation::required;
  joins.flush_mode = FlushMode::commit;
  auto fails = [](EntityManager& inner) -> Task<void> {
    EXPECT_EQ(inner.flush_mode(), FlushMode::commit);
    inner.create<Account>({.owner = "a"});
    co_await inner.flush_async();
    throw std::domain_error("mine");
  };
  auto work = [&](EntityManager& outer) -> Task<void> {
    bool failed = false;
    try {
      co_await outer.transactional_async(fails, joins);
    } catch (const std::domain_error&) {
      failed = true;
    }
    EXPECT_TRUE(failed);
    EXPECT_EQ(outer.flush_mode(), FlushMode::automatic);
    TransactionOptions never;
    never.propagation = Propagation::never;
    failed = false;
    try {
      co_await outer.transactional_async(fails, never);
    } catch (const TransactionStateError&) {
      failed = true;
    }
    EXPECT_TRUE(failed);
  };
  TransactionOptions required;
  required.propagation = Propagation::required;
  co_await em.transactional_async(work, required);
}

TEST_P(UowPropagation, RequiredAwaited) {
  EntityManager em = start(entities).em();
  sync_wait(join(em));
  EXPECT_THAT(statements(), ElementsAre("begin", savepoint_of_flush, insert, release_of_flush, "commit"));
  EXPECT_EQ(stored("a"), 0);
}

Task<void> fork(EntityManager& em, int* runs) {
  TransactionOptions apart;
  apart.propagation = Propagation::requires_new;
  apart.retries = 2;
  auto inner_work = [&](EntityManager& inner) -> Task<std::int64_t> {
    EXPECT_NE(&inner, &em);
    auto a = inner.create<Account>({.owner = "a"});
    co_await inner.flush_async();
    if (++*runs < 2) throw LockWaitTimeoutError("pretended", ErrorDetails{.retryable = true});
    co_return a->id;
  };
  auto work = [&](EntityManager& outer) -> Task<void> {
    const std::int64_t id = co_await outer.transactional_async(inner_work, apart);
    EXPECT_GT(id, 0);
    throw std::domain_error("mine");
  };
  TransactionOptions read_only;
  read_only.read_only = true;
  bool failed = false;
  try {
    co_await em.transactional_async(work, read_only);
  } catch (const std::domain_error&) {
    failed = true;
  }
  EXPECT_TRUE(failed);
}

TEST_P(UowPropagation, RequiresNewAwaited) {
  EntityManager em = start(entities).em();
  int runs = 0;
  sync_wait(fork(em, &runs));
  EXPECT_EQ(runs, 2);
  EXPECT_THAT(statements(),
              ElementsAre("begin", "begin", savepoint_of_flush, insert, release_of_flush, "rollback", "begin",
                          savepoint_of_flush, insert, release_of_flush, "commit", "rollback"));
  EXPECT_EQ(stored("a"), 0);
}

Task<void> starve(EntityManager& em, bool* failed) {
  TransactionOptions apart;
  apart.propagation = Propagation::requires_new;
  auto inner_work = [](EntityManager&) -> Task<void> {
    ADD_FAILURE() << "the work ran";
    co_return;
  };
  co_await em.begin_async();
  try {
    co_await em.transactional_async(inner_work, apart);
  } catch (const ConnectionError&) {
    *failed = true;
  }
  co_await em.rollback_async();
}

TEST_P(UowPropagation, RequiresNewInAPoolOfOneAwaited) {
  EntityManager em = start_impatient(1).em();
  bool failed = false;
  sync_wait(starve(em, &failed));
  EXPECT_TRUE(failed);
  EXPECT_FALSE(em.is_in_transaction());
}

KIN_ON_EVERY_DATABASE(UowPropagation);

}  // namespace kin::test::uow_propagation
