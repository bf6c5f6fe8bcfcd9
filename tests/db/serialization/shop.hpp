// SPDX-License-Identifier: MIT
// Entities with members of every kind that JSON has to deal with.
#pragma once

#include <kin/serialize.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/support/database.hpp"

namespace kin::test::json_shop {

struct Product;
struct Label;

enum class State { draft, sold };

struct Size {
  int width{};
  int height{};
};

struct Maker {
  std::int64_t id{};
  std::string name{};
  std::string password{};
  Collection<Product> products{};
};

struct Label {
  std::string code{};
  std::string text{};
};

struct Product {
  std::int64_t id{};
  std::string name{};
  int stock{};
  Decimal price{};
  State state{};
  std::optional<int> rating{};
  std::chrono::sys_seconds made_at{};
  std::vector<std::byte> picture{};
  Json extra{};
  Size size{};
  std::optional<Size> box{};
  std::int64_t revision{};
  Ref<Maker> maker{};
  Collection<Label> labels{};
};

inline void describe(Schema<Maker>& maker) {
  maker.on<&Maker::password>(hidden);
  maker.on<&Maker::products>(mapped_by<&Product::maker>);
}
inline void describe(Schema<Label>& label) { label.on<&Label::code>(primary_key, length(20)); }
inline void describe(Schema<Product>& product) {
  product.on<&Product::price>(precision(10, 2));
  product.on<&Product::revision>(version);
  product.on<&Product::made_at>(serialized_name("madeAt"));
  product.on<&Product::maker>(nullable());
}

inline constexpr EntityList entities = kin::entities<Maker, Label, Product>;

}  // namespace kin::test::json_shop
