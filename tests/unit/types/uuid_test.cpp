// SPDX-License-Identifier: MIT
#include <kin/error.hpp>
#include <kin/types/uuid.hpp>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <thread>
#include <type_traits>
#include <unordered_set>
#include <vector>

namespace kin {
inline void PrintTo(const Uuid& value, std::ostream* stream) { *stream << value.to_string(); }
}  // namespace kin

namespace {

using kin::Uuid;
using kin::ValidationError;

static_assert(sizeof(Uuid) == 16);
static_assert(std::is_trivially_copyable_v<Uuid>);
static_assert(Uuid().is_nil());
static_assert(Uuid(Uuid::Bytes{1}) > Uuid());

constexpr const char* canonical = "00112233-4455-6677-8899-aabbccddeeff";

unsigned version(const Uuid& uuid) { return uuid.bytes()[6] >> 4; }
unsigned variant(const Uuid& uuid) { return uuid.bytes()[8] >> 6; }

std::int64_t milliseconds_of(const Uuid& uuid) {
  std::int64_t milliseconds = 0;
  for (std::size_t i = 0; i < 6; ++i) milliseconds = milliseconds << 8 | uuid.bytes()[i];
  return milliseconds;
}

std::int64_t milliseconds_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

TEST(UuidText, DefaultIsNil) {
  EXPECT_TRUE(Uuid().is_nil());
  EXPECT_EQ(Uuid().to_string(), "00000000-0000-0000-0000-000000000000");
  EXPECT_FALSE(Uuid::parse("00000000-0000-0000-0000-000000000001").is_nil());
}

TEST(UuidText, BytesAreInTheOrderOfTheText) {
  const Uuid uuid = Uuid::parse(canonical);
  const Uuid::Bytes expected{0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                             0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
  EXPECT_EQ(uuid.bytes(), expected);
  EXPECT_EQ(Uuid(expected), uuid);
  EXPECT_EQ(Uuid::from_bytes(expected.data()), uuid);
}

TEST(UuidText, EveryAcceptedFormReadsTheSame) {
  for (const char* text : {"00112233-4455-6677-8899-aabbccddeeff", "00112233-4455-6677-8899-AABBCCDDEEFF",
                           "00112233-4455-6677-8899-AaBbCcDdEeFf", "00112233445566778899aabbccddeeff",
                           "00112233445566778899AABBCCDDEEFF", "{00112233-4455-6677-8899-aabbccddeeff}",
                           "{00112233445566778899aabbccddeeff}"}) {
    EXPECT_EQ(Uuid::parse(text).to_string(), canonical) << text;
  }
}

class MalformedUuid : public testing::TestWithParam<std::string> {};

TEST_P(MalformedUuid, IsRefusedAndLeavesTheResultAlone) {
  EXPECT_THROW((void)Uuid::parse(GetParam()), ValidationError);
  Uuid result = Uuid::parse(canonical);
  EXPECT_FALSE(Uuid::parse(GetParam(), result));
  EXPECT_EQ(result.to_string(), canonical);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, MalformedUuid,
    testing::Values("", "{}", "{", "}", "-", "00112233", "00112233-4455-6677-8899-aabbccddeef",
                    "00112233-4455-6677-8899-aabbccddeeff0", "00112233-4455-6677-8899-aabbccddeefg",
                    "g0112233-4455-6677-8899-aabbccddeeff", "001122334-455-6677-8899-aabbccddeeff",
                    "00112233_4455_6677_8899_aabbccddeeff", "00112233445566778899aabbccddeef",
                    "00112233445566778899aabbccddeefff", "00112233-445566778899-aabbccddeeff00",
                    "{00112233-4455-6677-8899-aabbccddeeff", "00112233-4455-6677-8899-aabbccddeeff}",
                    "{{00112233-4455-6677-8899-aabbccddeeff}}", "{00112233-4455-6677-8899-aabbccddeeff)",
                    "(00112233-4455-6677-8899-aabbccddeeff}", " 0112233-4455-6677-8899-aabbccddeeff",
                    "00112233-4455-6677-8899-aabbccddeef ",
                    "00112233-4455-6677-8899-aabbccdd\xc3\xa9"
                    "ff",
                    "------------------------------------", "+0112233445566778899aabbccddeeff",
                    "0x112233445566778899aabbccddeeff", "/:@G`g/:-4455-6677-8899-aabbccddeeff",
                    std::string(36, '\0'), std::string(32, '\xff')));

TEST(UuidText, ErrorShowsTheText) {
  try {
    (void)Uuid::parse("no-uuid");
    FAIL() << "no error";
  } catch (const ValidationError& error) {
    EXPECT_STREQ(error.what(), "not a UUID: \"no-uuid\"");
  }
  try {
    (void)Uuid::parse(std::string(1000, 'x'));
    FAIL() << "no error";
  } catch (const ValidationError& error) {
    EXPECT_LT(std::string(error.what()).size(), 100u);
  }
}

TEST(UuidText, RandomUuidsComeBackFromTheirText) {
  for (int i = 0; i < 2'000; ++i) {
    const Uuid uuid = Uuid::v4();
    const std::string text = uuid.to_string();
    ASSERT_EQ(text.size(), Uuid::text_size);
    ASSERT_EQ(Uuid::parse(text), uuid);
    ASSERT_EQ(Uuid::parse('{' + text + '}'), uuid);
    char buffer[Uuid::text_size + 1] = {};
    buffer[Uuid::text_size] = '#';
    uuid.write_to(buffer);
    ASSERT_EQ(std::string(buffer, sizeof buffer), text + '#');
  }
}

TEST(UuidOrder, IsTheOrderOfTheText) {
  std::vector<Uuid> uuids;
  for (int i = 0; i < 500; ++i) uuids.push_back(Uuid::v4());
  std::sort(uuids.begin(), uuids.end());
  for (std::size_t i = 1; i < uuids.size(); ++i) {
    ASSERT_LT(uuids[i - 1].to_string(), uuids[i].to_string());
    ASSERT_LT(uuids[i - 1], uuids[i]);
    ASSERT_NE(uuids[i - 1], uuids[i]);
  }
}

TEST(UuidHash, DiffersForUuidsThatDifferInOneBit) {
  const Uuid start = Uuid::parse(canonical);
  std::unordered_set<std::size_t> hashes{std::hash<Uuid>{}(start)};
  for (std::size_t bit = 0; bit < 128; ++bit) {
    Uuid::Bytes bytes = start.bytes();
    bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ (1u << (bit % 8)));
    hashes.insert(std::hash<Uuid>{}(Uuid(bytes)));
  }
  EXPECT_EQ(hashes.size(), 129u);
  EXPECT_EQ(std::hash<Uuid>{}(Uuid(start.bytes())), std::hash<Uuid>{}(start));
}

TEST(UuidVersion4, HasItsVersionAndVariant) {
  for (int i = 0; i < 1'000; ++i) {
    const Uuid uuid = Uuid::v4();
    ASSERT_EQ(version(uuid), 4u) << uuid.to_string();
    ASSERT_EQ(variant(uuid), 2u) << uuid.to_string();
  }
}

TEST(UuidVersion4, AllOtherBitsAreRandom) {
  constexpr int count = 4'000;
  std::array<int, 128> ones{};
  for (int i = 0; i < count; ++i) {
    const Uuid uuid = Uuid::v4();
    for (std::size_t bit = 0; bit < 128; ++bit) ones[bit] += uuid.bytes()[bit / 8] >> (7 - bit % 8) & 1;
  }
  for (std::size_t bit = 0; bit < 128; ++bit) {
    if ((bit >= 48 && bit < 52) || bit == 64 || bit == 65) continue;
    // Eight standard deviations of a fair coin.
    EXPECT_NEAR(ones[bit], count / 2, 253) << "bit " << bit;
  }
}

TEST(UuidVersion4, ThreadsNeverGetTheSame) {
  constexpr std::size_t each = 5'000;
  std::vector<std::vector<Uuid>> made(4);
  std::vector<std::thread> threads;
  for (auto& list : made) {
    threads.emplace_back([&list] {
      for (std::size_t i = 0; i < each; ++i) list.push_back(Uuid::v4());
    });
  }
  for (auto& thread : threads) thread.join();
  std::unordered_set<Uuid> all;
  for (const auto& list : made) all.insert(list.begin(), list.end());
  EXPECT_EQ(all.size(), 4 * each);
}

// Both processes hold the same stock of random bytes at the moment of the fork.
TEST(UuidVersion4, ForkedChildGetsOthersThanItsParent) {
  (void)Uuid::v4();
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const Uuid uuids[2] = {Uuid::v4(), Uuid::v7()};
    const bool written = write(ends[1], uuids, sizeof uuids) == static_cast<ssize_t>(sizeof uuids);
    _exit(written ? 0 : 1);
  }
  Uuid childs[2];
  ASSERT_EQ(read(ends[0], childs, sizeof childs), static_cast<ssize_t>(sizeof childs));
  int status = 1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  close(ends[0]);
  close(ends[1]);
  EXPECT_EQ(status, 0);
  const Uuid v4 = Uuid::v4();
  const Uuid v7 = Uuid::v7();
  EXPECT_NE(childs[0], v4);
  EXPECT_NE(childs[1], v7);
  EXPECT_FALSE(std::equal(v7.bytes().begin() + 9, v7.bytes().end(), childs[1].bytes().begin() + 9));
}

TEST(UuidVersion7, HasItsVersionVariantAndTime) {
  const std::int64_t before = milliseconds_now();
  const Uuid uuid = Uuid::v7();
  const std::int64_t after = milliseconds_now();
  EXPECT_EQ(version(uuid), 7u);
  EXPECT_EQ(variant(uuid), 2u);
  EXPECT_GE(milliseconds_of(uuid), before);
  // The process may be ahead of the clock by what it has made faster than one in 244 ns.
  EXPECT_LE(milliseconds_of(uuid), after + 1'000);
}

TEST(UuidVersion7, RisesStrictly) {
  Uuid previous = Uuid::v7();
  for (int i = 0; i < 100'000; ++i) {
    const Uuid next = Uuid::v7();
    ASSERT_LT(previous, next);
    ASSERT_EQ(version(next), 7u);
    ASSERT_EQ(variant(next), 2u);
    previous = next;
  }
}

TEST(UuidVersion7, RisesInEachOfManyThreadsAndIsUnique) {
  constexpr std::size_t each = 20'000;
  std::vector<std::vector<Uuid>> made(4);
  std::vector<std::thread> threads;
  for (auto& list : made) {
    threads.emplace_back([&list] {
      for (std::size_t i = 0; i < each; ++i) list.push_back(Uuid::v7());
    });
  }
  for (auto& thread : threads) thread.join();
  // Not even the first 60 bits of time are given out twice, so order across threads is never left to chance.
  std::unordered_set<std::string> times;
  for (const auto& list : made) {
    EXPECT_TRUE(std::is_sorted(list.begin(), list.end()));
    for (const Uuid& uuid : list) times.insert(uuid.to_string().substr(0, 18));
  }
  EXPECT_EQ(times.size(), 4 * each);
}

TEST(UuidVersion7, TailIsRandom) {
  std::unordered_set<std::string> tails;
  for (int i = 0; i < 10'000; ++i) tails.insert(Uuid::v7().to_string().substr(19));
  EXPECT_EQ(tails.size(), 10'000u);
}

}  // namespace
