// SPDX-License-Identifier: MIT
// Long lists of values of every type, with null as SQL means it: some databases get them as arrays.
#include <chrono>
#include <optional>

#include "db/support/database.hpp"

namespace kin::test::reading_long_lists {

enum class Grade { low, middle, high };

struct Sample {
  std::int64_t id{};
  std::int32_t number{};
  std::uint32_t natural{};
  double real{};
  float half{};
  Decimal decimal{};
  std::string text{};
  std::string code{};
  Uuid uuid{};
  Blob blob{};
  Grade grade{};
  std::chrono::year_month_day date{};
  std::chrono::sys_seconds time{};
  std::optional<int> rank{};
};
inline void describe(Schema<Sample>& sample) {
  sample.on<&Sample::decimal>(precision(20, 5));
  sample.on<&Sample::code>(length(20));
}

constexpr int rows = 60;

Sample sample_of(int i) {
  Sample sample;
  sample.id = i;
  sample.number = i - 30;
  sample.natural = 4'000'000'000U + static_cast<std::uint32_t>(i);
  sample.real = i / 4.0;
  sample.half = static_cast<float>(i) / 2;
  sample.decimal = Decimal("12345." + std::to_string(i));
  sample.text = "it's \"" + std::to_string(i) + "\\,{}";
  sample.code = "c" + std::to_string(i);
  sample.uuid = Uuid::from_bytes(("0123456789abcd" + std::to_string(10 + i)).data());
  sample.blob = Blob{std::byte{0}, static_cast<std::byte>(i)};
  sample.grade = static_cast<Grade>(i % 3);
  sample.date = std::chrono::sys_days(std::chrono::days(i * 100));
  sample.time = std::chrono::sys_seconds(std::chrono::seconds(i * 1000));
  if (i % 2 == 0) sample.rank = i;
  return sample;
}

class ReadingLongLists : public DatabaseTest {
 protected:
  void SetUp() override {
    start(kin::entities<Sample>);
    EntityManager em = orm().em();
    for (int i = 1; i <= rows; ++i) em.create<Sample>(sample_of(i));
    em.flush();
  }
  std::uint64_t count(const Condition<Sample>& condition) { return orm().em().count<Sample>(condition); }

  /// The values of every third sample, of which there are more than any database writes one by one.
  template <auto Member>
  auto third_values() const {
    std::vector<std::remove_cvref_t<decltype(std::declval<Sample>().*Member)>> values;
    for (int i = 3; i <= rows; i += 3) values.push_back(sample_of(i).*Member);
    return values;
  }
  template <auto Member>
  void expect_thirds() {
    const auto values = third_values<Member>();
    EXPECT_EQ(count(field<Member>.in(values)), rows / 3u);
    EXPECT_EQ(count(field<Member>.not_in(values)), rows - rows / 3u);
    EXPECT_EQ(count(field<&Sample::id> > 30 && field<Member>.in(values) && field<&Sample::id> <= 40), 3u);
  }
};

TEST_P(ReadingLongLists, OfEveryType) {
  expect_thirds<&Sample::id>();
  expect_thirds<&Sample::number>();
  expect_thirds<&Sample::natural>();
  expect_thirds<&Sample::real>();
  expect_thirds<&Sample::half>();
  expect_thirds<&Sample::decimal>();
  expect_thirds<&Sample::text>();
  expect_thirds<&Sample::code>();
  expect_thirds<&Sample::uuid>();
  expect_thirds<&Sample::blob>();
  expect_thirds<&Sample::date>();
  expect_thirds<&Sample::time>();
  EXPECT_EQ(count(field<&Sample::grade>.in(std::vector<Grade>(20, Grade::high))), rows / 3u);
}

// Neither in a list nor outside of it, nor the opposite of either.
TEST_P(ReadingLongLists, NullIsUnknown) {
  std::vector<int> ranks;
  for (int i = 1; i <= 30; ++i) ranks.push_back(i);
  EXPECT_EQ(count(field<&Sample::rank>.in(ranks)), 15u);
  EXPECT_EQ(count(field<&Sample::rank>.not_in(ranks)), 15u);
  EXPECT_EQ(count(!field<&Sample::rank>.in(ranks)), 15u);
  EXPECT_EQ(count(!field<&Sample::rank>.not_in(ranks)), 15u);
}

TEST_P(ReadingLongLists, TwoListsAndALimit) {
  std::vector<std::int64_t> ids;
  std::vector<std::string> codes;
  for (int i = 1; i <= 40; ++i) ids.push_back(i);
  for (int i = 21; i <= 60; ++i) codes.push_back("c" + std::to_string(i));
  EntityManager em = orm().em();
  auto found = em.find<Sample>(field<&Sample::id>.in(ids) && field<&Sample::code>.in(codes))
                   .order_by(field<&Sample::id>.asc())
                   .limit(5)
                   .offset(2)
                   .list();
  ASSERT_EQ(found.size(), 5u);
  EXPECT_EQ(found[0]->id, 23);
  EXPECT_EQ(found[4]->id, 27);
}

KIN_ON_EVERY_DATABASE(ReadingLongLists);

}  // namespace kin::test::reading_long_lists
