// SPDX-License-Identifier: MIT
// What a raw statement leaves in its session is gone when the connection is lent again; ordinary use costs
// nothing.
#include "db/support/database.hpp"

namespace kin::test::session_state {

struct Note {
  std::int64_t id{};
  std::string text{};
};

class SessionState : public DatabaseTest {
 protected:
  // The pool has one connection, so whoever comes next gets the same. The hook belongs to a session's
  // beginning.
  void start_with_one_connection() {
    start(entities<Note>, [this](Options& options) {
      options.pool_size = 1;
      options.on_create_connection = [this](ConnectionSetup&) { ++sessions_; };
    });
    (void)setting();
    sessions_ = 0;
  }
  const SessionTexts& texts() const { return traits().session; }
  std::string setting(EntityManager& em) const { return em.execute(texts().get)[0]["value"].to_string(); }
  std::string setting() {
    EntityManager em = orm().em();
    return setting(em);
  }
  int sessions_ = 0;
};

TEST_P(SessionState, ASettingIsGoneInTheNextLoan) {
  start_with_one_connection();
  const std::string before = setting();
  EntityManager em = orm().em();
  em.begin();
  em.execute(texts().set);
  EXPECT_NE(setting(em), before) << "it holds as long as the transaction has its connection";
  em.commit();
  EXPECT_EQ(setting(), before);
  em.execute(texts().set);
  EXPECT_EQ(setting(em), before) << "the same manager has no claim to it either";
}

TEST_P(SessionState, ASettingOfATransactionThatIsRolledBackIsGone) {
  start_with_one_connection();
  const std::string before = setting();
  {
    EntityManager em = orm().em();
    em.begin();
    em.execute(texts().set);
  }
  EXPECT_EQ(setting(), before);
}

TEST_P(SessionState, ATemporaryTableIsGoneInTheNextLoan) {
  start_with_one_connection();
  EntityManager em = orm().em();
  em.execute(texts().temporary_table);
  EXPECT_THROW(em.execute("select count(*) from scratch"), TableNotFoundError);
  EXPECT_EQ(em.count<Note>(), 0u);
}

TEST_P(SessionState, AwaitedUsersGetACleanSessionToo) {
  start_with_one_connection();
  const std::string before = setting();
  EntityManager em = orm().em();
  (void)sync_wait(em.execute_async(texts().set));
  const Rows rows = sync_wait(em.execute_async(texts().get));
  EXPECT_EQ(rows[0]["value"].to_string(), before);
}

TEST_P(SessionState, OrdinaryUseRenewsNothing) {
  start_with_one_connection();
  (void)orm().em().count<Note>();
  sessions_ = 0;
  for (int i = 0; i < 3; ++i) {
    EntityManager em = orm().em();
    em.create<Note>({.text = "a"});
    em.flush();
    em.clear();
    EXPECT_TRUE(em.find_one<Note>(field<&Note::text> == "a"));
    em.transactional([](EntityManager& inner) { (void)inner.count<Note>(); });
    em.execute("update note set text = {} where id = {}", "b", 77);
    em.execute("select count(*) as n, max(text) from note where text <> {}", "@ get_lock(");
  }
  EXPECT_EQ(sessions_, 0);
  orm().em().execute(texts().set);
  (void)orm().em().count<Note>();
  EXPECT_EQ(sessions_, 1) << "renewed, or on SQLite opened anew";
}

TEST_P(SessionState, PreparedStatementsWorkAfterARenewal) {
  start_with_one_connection();
  EntityManager em = orm().em();
  em.create<Note>({.text = "a"});
  em.flush();
  for (int i = 0; i < 3; ++i) {
    em.clear();
    EXPECT_EQ(em.find<Note>(field<&Note::text> == "a").list().size(), 1u);
    em.execute(texts().set);
    em.create<Note>({.text = "b"});
    em.flush();
  }
  EXPECT_EQ(em.count<Note>(), 4u);
}

KIN_ON_EVERY_DATABASE(SessionState);

}  // namespace kin::test::session_state
