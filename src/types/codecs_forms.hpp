// SPDX-License-Identifier: MIT
#pragma once

#include "types/codecs_steps.hpp"

#include <kin/detail/codec_of.hpp>

#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

/// Makes the tables of the built-in types from forms. A form is the typed knowledge of one C++ type:
///
///     using Type = …;
///     static ValueView view(const Type& value, Scratch& scratch);
///     static void assign(Type& value, ValueView cell, std::string_view type_name);  // leaves value alone if
///     it throws static constexpr std::size_t fixed_size;                                      // packed; 0 =
///     it varies static std::size_t size(const Type& value);                                   // only where
///     it varies static std::size_t packed_size(const std::byte* packed);                      // only where
///     it varies static std::byte* pack(const Type& value, std::byte* to);                     // returns the
///     end static bool equal(const Type& value, const std::byte* packed); static void unpack(Type& value,
///     const std::byte* packed); static ValueView packed_view(const std::byte* packed, Scratch& scratch);
///
/// Packed values stand one after the other without padding, so they are read and written through memcpy only.
namespace kin::detail {

template <class T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
template <class T>
std::byte* store(std::byte* to, const T& value) {
  std::memcpy(to, &value, sizeof value);
  return to + sizeof value;
}

template <class Form>
std::size_t size_of(const typename Form::Type& value) {
  if constexpr (Form::fixed_size != 0) {
    return Form::fixed_size;
  } else {
    return Form::size(value);
  }
}
template <class Form>
std::size_t packed_size_of(const std::byte* packed) {
  if constexpr (Form::fixed_size != 0) {
    return Form::fixed_size;
  } else {
    return Form::packed_size(packed);
  }
}

/// The functions of a table for the plain type.
template <class Form>
struct PlainFunctions {
  using Type = typename Form::Type;

  static ValueView view(const Codec&, const void* member, Scratch& scratch) {
    return Form::view(get(member), scratch);
  }
  static void assign(const Codec& self, void* member, ValueView cell) {
    Form::assign(get(member), cell, self.type_name);
  }
  static std::size_t snapshot_size(const Codec&, const void* member) { return size_of<Form>(get(member)); }
  static std::byte* snapshot_write(const Codec&, const void* member, std::byte* to) {
    return Form::pack(get(member), to);
  }
  static bool snapshot_equal(const Codec&, const void* member, const std::byte*& packed) {
    return Form::equal(get(member), advance(packed));
  }
  static void snapshot_restore(const Codec&, void* member, const std::byte*& packed) {
    Form::unpack(get(member), advance(packed));
  }
  static ValueView snapshot_view(const Codec&, const std::byte*& packed, Scratch& scratch) {
    return Form::packed_view(advance(packed), scratch);
  }

 private:
  static const Type& get(const void* member) { return *static_cast<const Type*>(member); }
  static Type& get(void* member) { return *static_cast<Type*>(member); }
  static const std::byte* advance(const std::byte*& packed) {
    const std::byte* const value = packed;
    packed += packed_size_of<Form>(value);
    return value;
  }
};

/// The same for std::optional: a byte that tells whether there is a value, then the value. A type of fixed
/// size keeps its room when empty: then where the next value starts does not depend on this one, which is
/// faster to compare.
template <class Form>
struct NullableFunctions {
  using Type = typename Form::Type;
  using Optional = std::optional<Type>;

  static ValueView view(const Codec&, const void* member, Scratch& scratch) {
    const Optional& optional = get(member);
    return optional ? Form::view(*optional, scratch) : ValueView::null();
  }
  static void assign(const Codec& self, void* member, ValueView cell) {
    Optional& optional = get(member);
    if (cell.is_null()) {
      optional.reset();
    } else if (optional) {
      Form::assign(*optional, cell, self.inner->type_name);
    } else {
      Type value{};
      Form::assign(value, cell, self.inner->type_name);
      optional = std::move(value);
    }
  }
  static std::size_t snapshot_size(const Codec&, const void* member) {
    if constexpr (Form::fixed_size != 0) {
      return 1 + Form::fixed_size;
    } else {
      const Optional& optional = get(member);
      return optional ? 1 + Form::size(*optional) : 1;
    }
  }
  static std::byte* snapshot_write(const Codec&, const void* member, std::byte* to) {
    const Optional& optional = get(member);
    *to++ = std::byte{optional.has_value()};
    if (optional) return Form::pack(*optional, to);
    std::memset(to, 0, Form::fixed_size);
    return to + Form::fixed_size;
  }
  static bool snapshot_equal(const Codec&, const void* member, const std::byte*& packed) {
    const Optional& optional = get(member);
    const bool had_value = has_value(packed);
    const std::byte* const value = advance(packed);
    return optional ? had_value && Form::equal(*optional, value) : !had_value;
  }
  static void snapshot_restore(const Codec&, void* member, const std::byte*& packed) {
    Optional& optional = get(member);
    const bool had_value = has_value(packed);
    const std::byte* const value = advance(packed);
    if (had_value) {
      Form::unpack(optional ? *optional : optional.emplace(), value);
    } else {
      optional.reset();
    }
  }
  static ValueView snapshot_view(const Codec&, const std::byte*& packed, Scratch& scratch) {
    const bool had_value = has_value(packed);
    const std::byte* const value = advance(packed);
    return had_value ? Form::packed_view(value, scratch) : ValueView::null();
  }

 private:
  static const Optional& get(const void* member) { return *static_cast<const Optional*>(member); }
  static Optional& get(void* member) { return *static_cast<Optional*>(member); }
  static bool has_value(const std::byte* packed) { return *packed != std::byte{0}; }
  static const std::byte* advance(const std::byte*& packed) {
    const std::byte* const value = packed + 1;
    if constexpr (Form::fixed_size != 0) {
      packed = value + Form::fixed_size;
    } else {
      packed = has_value(packed) ? value + Form::packed_size(value) : value;
    }
    return value;
  }
};

/// A step that compares without a call through the table.
struct KnownStep {
  decltype(Codec::snapshot_equal) snapshot_equal;  ///< of the codecs that may use it
  SnapshotStep::Function run;
};
extern const std::span<const KnownStep> number_steps, text_steps, chrono_steps, uuid_steps;

template <class Functions>
bool direct_step(const SnapshotStep* step, const std::byte* entity, const std::byte* packed) {
  if (!Functions::snapshot_equal(*step->codec, entity + step->offset, packed)) return false;
  return run_next(step, entity, packed);
}
template <class Functions>
inline constexpr KnownStep known_step{&Functions::snapshot_equal, &direct_step<Functions>};

/// The steps of the types with these forms, plain and optional.
template <class... Forms>
inline constexpr KnownStep known_steps[]{known_step<PlainFunctions<Forms>>...,
                                         known_step<NullableFunctions<Forms>>...};

/// CodecOf<T>::value
template <class Form>
constexpr Codec plain_codec(std::string_view type_name) noexcept {
  return make_codec<PlainFunctions<Form>>(CodecOf<typename Form::Type>::shape, type_name);
}
/// CodecOf<T>::optional
template <class Form>
constexpr Codec nullable_codec(std::string_view type_name) noexcept {
  using Type = typename Form::Type;
  Codec codec = make_codec<NullableFunctions<Form>>(CodecOf<Type>::shape.as_nullable(), type_name);
  codec.inner = &CodecOf<Type>::value;
  codec.optional = &optional_access<Type>;
  return codec;
}

}  // namespace kin::detail
