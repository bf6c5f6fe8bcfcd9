// SPDX-License-Identifier: MIT
// expect: kin: soft_delete<> needs a bool or a std::optional<std::chrono::sys_time>
#include <kin/kin.hpp>

#include <chrono>
#include <optional>

struct Note {
  std::int64_t id{};
  int gone{};
  std::optional<std::chrono::sys_seconds> deleted_at{};
};
inline void describe(kin::Schema<Note>& note) {
#ifdef KIN_CONTROL
  note.soft_delete<&Note::deleted_at>();
#else
  note.soft_delete<&Note::gone>();
#endif
}

int main() { static_cast<void>(kin::entities<Note>); }
