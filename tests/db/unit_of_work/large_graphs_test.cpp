// SPDX-License-Identifier: MIT
// Large units of work: nothing may recurse over the graph, and a killed process leaves whole transactions only.
#include <gmock/gmock.h>
#include <kin/sqlite.hpp>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <random>
#include <thread>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/support/database.hpp"

namespace kin::test::uow_large {

struct Node {
  std::int64_t id{};
  std::int64_t number{};
  Ref<Node> next{};
};
inline void describe(Schema<Node>& node) {
  node.on<&Node::next>(nullable(), cascade(Cascade::all));
}

struct Left {
  std::int64_t id{};
  std::int64_t number{};
};
struct Right {
  std::int64_t id{};
  std::int64_t number{};
  Ref<Left> left{};
};

class UowLargeGraphs : public DatabaseTest {};

/// Runs the work on a thread with a small stack: deep recursion would end the process.
template <class F>
void on_small_stack(F work) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 512 * 1024);
  pthread_t thread{};
  ASSERT_EQ(pthread_create(
                &thread, &attributes,
                [](void* argument) -> void* {
                  (*static_cast<F*>(argument))();
                  return nullptr;
                },
                &work),
            0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

TEST_P(UowLargeGraphs, AListOfManyPersistsAndIsRemovedWithoutDeepRecursion) {
  start(kin::entities<Node>);
  constexpr int count = 100'000;
  on_small_stack([&] {
    std::int64_t head_id = 0;
    {
      EntityManager em = orm().em();
      Ref<Node> head;
      for (int i = 0; i < count; ++i) head = em.create_detached<Node>({.number = i, .next = head});
      em.persist(head);
      em.flush();
      head_id = head->id;
      EXPECT_EQ(em.count<Node>(), static_cast<std::uint64_t>(count));
      EXPECT_FALSE(em.has_changes());
    }
    EntityManager em = orm().em();
    EXPECT_EQ(em.find<Node>().list().size(), static_cast<std::size_t>(count));
    em.remove(em.get_reference<Node>(head_id));
    em.flush();
    EXPECT_EQ(em.count<Node>(), 0u);
  });
}

TEST_P(UowLargeGraphs, AListIsPersistedTailLastToo) {
  start(kin::entities<Node>);
  on_small_stack([&] {
    EntityManager em = orm().em();
    std::vector<Ref<Node>> nodes;
    for (int i = 0; i < 20'000; ++i) nodes.push_back(em.create<Node>({.number = i}));
    for (std::size_t i = 0; i + 1 < nodes.size(); ++i) nodes[i]->next = nodes[i + 1];
    em.flush();
    EXPECT_EQ(em.count<Node>(field<&Node::next>.is_null()), 1u);
  });
}

TEST_P(UowLargeGraphs, TenThousandAreWrittenChangedAndRemoved) {
  EntityManager em = start(kin::entities<Left, Right>).em();
  std::vector<Ref<Right>> rights;
  for (int i = 0; i < 10'000; ++i)
    rights.push_back(em.create<Right>({.number = i, .left = em.create<Left>({.number = i})}));
  em.flush();
  EXPECT_EQ(em.count<Left>(), 10'000u);
  for (auto right : rights) right->number = -right->number;
  clear_statements();
  em.flush();
  EXPECT_EQ(em.count<Right>(field<&Right::number> < 0), 9'999u);
  for (auto right : rights) {
    em.remove(right->left);
    em.remove(right);
  }
  em.flush();
  EXPECT_EQ(em.count<Left>() + em.count<Right>(), 0u);
}

/// Writes pairs of rows, some thousand a transaction, until it is killed.
[[noreturn]] void write_until_killed(const std::string& file, int ready) {
  Orm orm({.driver = sqlite::driver(), .db_name = file, .entities = kin::entities<Left, Right>});
  for (std::int64_t round = 0;; ++round) {
    EntityManager em = orm.em();
    for (std::int64_t i = 0; i < 1000; ++i)
      em.create<Right>({.number = round, .left = em.create<Left>({.number = round})});
    em.flush();
    const char byte = 1;
    if (write(ready, &byte, 1) != 1) _exit(2);
  }
}

class UowKilledProcess : public DatabaseTest {};

TEST_P(UowKilledProcess, LeavesWholeTransactionsOnly) {
  std::string file;
  start(kin::entities<Left, Right>, [&](Options& options) { file = options.db_name; });
  std::mt19937 random(std::random_device{}());
  std::uint64_t before = 0;
  for (int attempt = 0; attempt < 5; ++attempt) {
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(pipe_ends[0]);
      try {
        write_until_killed(file, pipe_ends[1]);
      } catch (...) {
        _exit(1);
      }
    }
    close(pipe_ends[1]);
    std::uint64_t reported = 0;
    char byte = 0;
    for (; reported < 2 && read(pipe_ends[0], &byte, 1) == 1; ++reported) {
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 30'000));
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
    while (read(pipe_ends[0], &byte, 1) == 1) ++reported;
    close(pipe_ends[0]);

    EntityManager em = orm().em();
    const auto lefts = em.count<Left>();
    EXPECT_EQ(lefts, em.count<Right>());
    EXPECT_EQ(lefts % 1000, 0u) << "half a transaction is there";
    EXPECT_GE(lefts, before + reported * 1000) << "a committed transaction is lost";
    EXPECT_LE(lefts, before + (reported + 1) * 1000);
    before = lefts;
  }
  EXPECT_EQ(orm().em().execute("pragma integrity_check")[0].get<std::string>("integrity_check"), "ok");
}

KIN_ON_EVERY_DATABASE(UowLargeGraphs);
KIN_ON_EVERY_FILE_DATABASE(UowKilledProcess);

}  // namespace kin::test::uow_large
