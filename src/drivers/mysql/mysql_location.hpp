// SPDX-License-Identifier: MIT
#pragma once

#include <kin/mysql.hpp>
#include <kin/options.hpp>

#include <cstdint>
#include <string>

namespace kin::mysql {

/// Where a server is found, and as whom.
struct Location {
  std::string host{};
  std::uint16_t port{};
  std::string socket{};  ///< file of a unix socket; goes before host and port
  std::string user{};
  std::string password{};
  std::string database{};
  Tls tls{};
  std::string tls_ca{};

  /// For messages: without user and password.
  std::string place() const;
};

/// Takes what the URL says, then what the options' members say; of a replica first what is its own. Throws
/// ValidationError for a URL that can't be understood.
Location locate(const kin::Options& orm_options, const Options& options,
                const ReplicaOptions* replica = nullptr);

}  // namespace kin::mysql
