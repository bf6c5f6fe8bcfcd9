// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>

#include "metadata_testing.hpp"

namespace embedded_test {

struct Point {
  double x{};
  double y{};
};
struct Address {
  std::string street{};
  std::string city{};
  Point at{};
  std::optional<Point> gate{};
};
struct Customer {
  std::int64_t id{};
  Address home{};
  std::optional<Address> work{};
  Address other{};
  Address bare{};
};
void describe(kin::Schema<Address>& address) {
  address.on<&Address::city>(kin::column_name("town"), kin::index,
                             kin::on_create([](const Address& a) { return a.street; }));
  address.unique<&Address::street, &Address::at>();
}
void describe(kin::Schema<Customer>& customer) {
  customer.on<&Customer::other>(kin::prefix("o_"));
  customer.on<&Customer::bare>(kin::prefix(""));
}

struct Period {
  int from{};
  int to{};
};
struct Booking {
  Period period{};
  std::string note{};
};
struct Receipt {
  std::int64_t id{};
  kin::Ref<Booking> booking{};
};
void describe(kin::Schema<Booking>& booking) {
  booking.on<&Booking::period>(kin::primary_key);
  booking.index<&Booking::note, &Period::to>();
}

}  // namespace embedded_test

namespace shipping = embedded_test;

namespace {

using kin::Column;
using kin::EntityMetadata;
using kin::MemberAccess;
using kin::Property;
using kin::PropertyKind;
using kin::metadata::testing::Entities;
using kin::metadata::testing::names_of;
using shipping::Customer;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;

class Embedded : public testing::Test {
 protected:
  const Column& column(std::string_view path) const { return entities_.column<Customer>(path); }
  const Entities<Customer> entities_{};
  const EntityMetadata& customer_ = entities_.of<Customer>();
};

TEST_F(Embedded, StructsBecomeColumnsWithAPrefix) {
  EXPECT_THAT(
      names_of(customer_.columns),
      ElementsAre("id",                                                                                //
                  "home_street", "home_town", "home_at_x", "home_at_y", "home_gate_x", "home_gate_y",  //
                  "work_street", "work_town", "work_at_x", "work_at_y", "work_gate_x", "work_gate_y",  //
                  "o_street", "o_town", "o_at_x", "o_at_y", "o_gate_x", "o_gate_y",                    //
                  "street", "town", "at_x", "at_y", "gate_x", "gate_y"));
}

TEST_F(Embedded, MembersArePropertiesWithADottedName) {
  const Property& home = entities_.property<Customer>("home");
  EXPECT_EQ(home.kind, PropertyKind::embedded);
  EXPECT_THAT(names_of(home.members), ElementsAre("home.street", "home.city", "home.at", "home.gate"));
  EXPECT_THAT(names_of(home.members[2].members), ElementsAre("home.at.x", "home.at.y"));
  EXPECT_EQ(customer_.find_property("home.at.y"), &home.members[2].members[1]);
  EXPECT_EQ(customer_.find_property("home.nothing"), nullptr);
  EXPECT_EQ(customer_.find_property("id.nothing"), nullptr);
  EXPECT_EQ(home.members[1].entity, &customer_);
  EXPECT_EQ(home.members[1].index, home.index);
}

TEST_F(Embedded, MembersKnowTheirColumns) {
  const Property& home = entities_.property<Customer>("home");
  EXPECT_EQ(home.first_column, 1u);
  EXPECT_EQ(home.column_count, 6u);
  EXPECT_EQ(home.members[2].first_column, 3u);
  EXPECT_EQ(home.members[2].column_count, 2u);
  EXPECT_EQ(column("home.at.y").property, &home.members[2].members[1]);
  EXPECT_EQ(customer_.property_at(home.offset), &home);
}

TEST_F(Embedded, OptionalStructsHaveNullableColumns) {
  EXPECT_FALSE(column("home.street").nullable);
  EXPECT_FALSE(column("home.at.x").nullable);
  EXPECT_TRUE(column("home.gate.x").nullable);
  EXPECT_TRUE(column("work.street").nullable);
  EXPECT_TRUE(column("work.at.x").nullable);
}

TEST_F(Embedded, MembersAreFoundInTheObject) {
  Customer customer;
  const MemberAccess& access = column("home.at.y").access;
  EXPECT_EQ(access.find(&customer), &customer.home.at.y);
  EXPECT_EQ(access.reach(&customer), &customer.home.at.y);
}

TEST_F(Embedded, MembersOfEmptyOptionalsAreNotFound) {
  Customer customer;
  EXPECT_EQ(column("home.gate.x").access.find(&customer), nullptr);
  EXPECT_EQ(column("work.street").access.find(&customer), nullptr);
  EXPECT_EQ(column("work.gate.y").access.find(&customer), nullptr);
  customer.work.emplace();
  EXPECT_EQ(column("work.street").access.find(&customer), &customer.work->street);
  EXPECT_EQ(column("work.at.y").access.find(&customer), &customer.work->at.y);
  EXPECT_EQ(column("work.gate.y").access.find(&customer), nullptr);
  customer.work->gate.emplace();
  EXPECT_EQ(column("work.gate.y").access.find(&customer), &customer.work->gate->y);
}

TEST_F(Embedded, ReachFillsEmptyOptionalsAndKeepsFullOnes) {
  Customer customer;
  void* y = column("work.gate.y").access.reach(&customer);
  ASSERT_TRUE(customer.work && customer.work->gate);
  EXPECT_EQ(y, &customer.work->gate->y);
  customer.work->street = "Main Street";
  customer.work->gate->x = 3;
  EXPECT_EQ(column("work.gate.y").access.reach(&customer), y);
  EXPECT_EQ(customer.work->street, "Main Street");
  EXPECT_EQ(customer.work->gate->x, 3);
}

TEST_F(Embedded, StructsDescribeIndexesOfEachOfTheirPlaces) {
  const std::vector<std::string> names = names_of(customer_.indexes);
  EXPECT_THAT(names, Contains("customer_home_street_home_at_x_home_at_y_unique"));
  EXPECT_THAT(names, Contains("customer_street_at_x_at_y_unique"));
  EXPECT_THAT(names, Contains("customer_work_town_index"));
  EXPECT_EQ(names.size(), 8u);
}

TEST_F(Embedded, HooksGetTheStruct) {
  EXPECT_THAT(names_of(customer_.hooks), ElementsAre("home.city", "work.city", "other.city", "bare.city"));
  Customer customer;
  customer.other.street = "Main Street";
  const Property& city = *customer_.hooks[2];
  void* member = customer_.columns[city.first_column].access.find(static_cast<void*>(&customer));
  city.on_create(static_cast<std::byte*>(member) - city.offset, member);
  EXPECT_EQ(customer.other.city, "Main Street");
}

TEST_F(Embedded, StructsAreNoEntities) {
  EXPECT_EQ(entities_.entities().size(), 1u);
  EXPECT_EQ(entities_.find(kin::detail::type_tag<shipping::Address>), nullptr);
}

TEST(EmbeddedKey, MayHaveSeveralColumns) {
  const Entities<shipping::Receipt> entities;
  const EntityMetadata& booking = entities.of<shipping::Booking>();
  EXPECT_THAT(names_of(booking.key), ElementsAre("period_from", "period_to"));
  EXPECT_EQ(booking.generated_key, nullptr);
  EXPECT_THAT(names_of(entities.of<shipping::Receipt>().columns),
              ElementsAre("id", "booking_period_from", "booking_period_to"));
  EXPECT_EQ(entities.of<shipping::Receipt>().columns[2].references, booking.key[1]);
}

TEST(EmbeddedMembers, CanBeNamedByIndexesOfTheEntity) {
  const Entities<shipping::Booking> entities;
  EXPECT_THAT(names_of(entities.of<shipping::Booking>().indexes),
              ElementsAre("booking_note_period_to_index"));
}

}  // namespace
