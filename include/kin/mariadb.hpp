// SPDX-License-Identifier: MIT
#pragma once

#include <kin/mysql.hpp>

#include <memory>

/// kin on MariaDB; what to know of it stands in <kin/mysql.hpp>.
namespace kin::mariadb {

using Options = mysql::Options;
using Tls = mysql::Tls;

/// The driver for kin::Options::driver; the same as kin::mysql::driver().
std::shared_ptr<const DriverFactory> driver(Options options = {});

}  // namespace kin::mariadb
