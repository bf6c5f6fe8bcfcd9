// SPDX-License-Identifier: MIT
#include "types/array_text.hpp"
#include "types/codecs_cells.hpp"
#include "types/codecs_forms.hpp"

#include <nlohmann/json.hpp>

/// Vectors. Packed as the size of what follows, the number of elements, then each element as its own codec
/// packs it.
namespace kin::detail {
namespace {

using Length = std::uint32_t;

const ArrayAccess& access_of(const Codec& self) { return *static_cast<const ArrayAccess*>(self.context); }

/// Calls use(element) with the address of each.
template <class Use>
void for_each_element(const Codec& self, const void* member, Use use) {
  const ArrayAccess& access = access_of(self);
  const std::size_t count = access.size(member);
  for (std::size_t i = 0; i < count; ++i) use(access.at(member, i));
}

/// Replaces the elements: fill(element) is called with the address of each, in order.
template <class Fill>
void fill_elements(const Codec& self, void* member, std::size_t count, Fill fill) {
  access_of(self).assign(
      member, count, [](void* context, void* element) { (*static_cast<Fill*>(context))(element); }, &fill);
}

class ArrayWriter {
 public:
  explicit ArrayWriter(Scratch& scratch) : text_(scratch.large) { text_ = "["; }
  void add(ValueView element) {
    if (text_.size() > 1) text_ += ',';
    types::append_element(text_, element);
  }
  ValueView finish() {
    text_ += ']';
    check_size(text_.size());
    return ValueView::array(text_).as_transient();
  }

 private:
  std::string& text_;
};

/// What is packed of one array.
struct PackedArray {
  explicit PackedArray(const std::byte*& packed)
      : count(load<Length>(packed + sizeof(Length))), elements(packed + 2 * sizeof(Length)) {
    packed = elements + load<Length>(packed);
  }
  Length count;
  const std::byte* elements;
};

}  // namespace

ValueView ArrayFamily::view(const Codec& self, const void* member, Scratch& scratch) {
  ArrayWriter writer(scratch);
  Scratch of_element;
  for_each_element(self, member, [&](const void* element) {
    writer.add(self.element->view(*self.element, element, of_element));
  });
  return writer.finish();
}

void ArrayFamily::assign(const Codec& self, void* member, ValueView cell) {
  const ValueKind kind = cell.kind();
  if (kind != ValueKind::array && kind != ValueKind::json && kind != ValueKind::text)
    refuse_kind(cell, self.type_name);
  const std::vector<Json> elements = types::parse_array(cell.bytes());
  std::size_t index = 0;
  try {
    fill_elements(self, member, elements.size(), [&](void* element) {
      self.element->assign(*self.element, element, types::view_of_element(elements[index]));
      ++index;
    });
  } catch (ConversionError& error) {
    refuse("element " + std::to_string(index) + ": " + error.reason);
  }
}

std::size_t ArrayFamily::snapshot_size(const Codec& self, const void* member) {
  std::size_t size = 2 * sizeof(Length);
  for_each_element(self, member,
                   [&](const void* element) { size += self.element->snapshot_size(*self.element, element); });
  check_size(size);
  return size;
}

std::byte* ArrayFamily::snapshot_write(const Codec& self, const void* member, std::byte* to) {
  std::byte* const begin = to + 2 * sizeof(Length);
  std::byte* end = begin;
  for_each_element(self, member, [&](const void* element) {
    end = self.element->snapshot_write(*self.element, element, end);
  });
  to = store(to, static_cast<Length>(end - begin));
  store(to, static_cast<Length>(access_of(self).size(member)));
  return end;
}

bool ArrayFamily::snapshot_equal(const Codec& self, const void* member, const std::byte*& packed) {
  const PackedArray was(packed);
  const ArrayAccess& access = access_of(self);
  if (access.size(member) != was.count) return false;
  const std::byte* at = was.elements;
  for (std::size_t i = 0; i < was.count; ++i)
    if (!self.element->snapshot_equal(*self.element, access.at(member, i), at)) return false;
  return true;
}

void ArrayFamily::snapshot_restore(const Codec& self, void* member, const std::byte*& packed) {
  const PackedArray was(packed);
  const std::byte* at = was.elements;
  fill_elements(self, member, was.count,
                [&](void* element) { self.element->snapshot_restore(*self.element, element, at); });
}

ValueView ArrayFamily::snapshot_view(const Codec& self, const std::byte*& packed, Scratch& scratch) {
  const PackedArray was(packed);
  const std::byte* at = was.elements;
  ArrayWriter writer(scratch);
  Scratch of_element;
  for (Length i = 0; i < was.count; ++i)
    writer.add(self.element->snapshot_view(*self.element, at, of_element));
  return writer.finish();
}

}  // namespace kin::detail
