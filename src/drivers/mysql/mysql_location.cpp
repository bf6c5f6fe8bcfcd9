// SPDX-License-Identifier: MIT
#include "drivers/mysql/mysql_location.hpp"

#include <kin/error.hpp>

#include <cctype>
#include <charconv>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace kin::mysql {
namespace {

constexpr std::uint16_t usual_port = 3306;

// The URL itself is left out: a password may stand in it.
[[noreturn]] void refuse_url(std::string_view reason) {
  throw ValidationError(fmt::format(
      "Options::client_url: {}; it is to be such as mysql://user:password@host:3306/library", reason));
}

// The text up to the separator, which is taken off the rest; all of it where there is none.
std::string_view take_until(std::string_view& rest, char separator) {
  const std::size_t end = rest.find(separator);
  const std::string_view taken = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return taken;
}

int hexadecimal(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  refuse_url("a % is not followed by two hexadecimal digits");
}

std::string decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i];
      continue;
    }
    if (i + 2 >= text.size()) refuse_url("a % is not followed by two hexadecimal digits");
    result += static_cast<char>(hexadecimal(text[i + 1]) * 16 + hexadecimal(text[i + 2]));
    i += 2;
  }
  return result;
}

std::uint16_t port_number(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0)
    refuse_url(fmt::format("'{}' is no port", text));
  return port;
}

// As MySQL's own programs, which write them in capitals.
Tls tls_mode(std::string mode) {
  for (char& c : mode) c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (mode == "disabled" || mode == "off") return Tls::off;
  if (mode == "preferred") return Tls::preferred;
  if (mode == "required") return Tls::required;
  if (mode == "verify-full" || mode == "verify-identity") return Tls::verify_full;
  refuse_url(fmt::format("ssl-mode '{}' is none of disabled, preferred, required, verify-full", mode));
}

void read_authority(std::string_view authority, Location& location) {
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    std::string_view password = authority.substr(0, at);
    location.user = decoded(take_until(password, ':'));
    location.password = decoded(password);
    authority.remove_prefix(at + 1);
  }
  if (authority.starts_with('[')) {  // an IPv6 address
    authority.remove_prefix(1);
    location.host = take_until(authority, ']');
    if (authority.starts_with(':')) authority.remove_prefix(1);
  } else {
    location.host = decoded(take_until(authority, ':'));
  }
  if (!authority.empty()) location.port = port_number(authority);
}

void read_setting(std::string_view name, const std::string& value, Location& location) {
  if (name == "socket") {
    location.socket = value;
  } else if (name == "ssl-mode" || name == "sslmode") {
    location.tls = tls_mode(value);
  } else if (name == "ssl-ca") {
    location.tls_ca = value;
  } else {
    refuse_url(fmt::format("the setting '{}' is none of socket, ssl-mode, ssl-ca", name));
  }
}

void read_url(std::string_view url, Location& location) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos ||
      (url.substr(0, scheme) != "mysql" && url.substr(0, scheme) != "mariadb"))
    refuse_url("it begins neither with mysql:// nor with mariadb://");
  url.remove_prefix(scheme + 3);
  std::string_view settings = url;
  std::string_view path = take_until(settings, '?');
  read_authority(take_until(path, '/'), location);
  location.database = decoded(path);
  while (!settings.empty()) {
    std::string_view value = take_until(settings, '&');
    const std::string_view name = take_until(value, '=');
    read_setting(name, decoded(value), location);
  }
}

template <class T>
void fill(T& value, const T& other) {
  if (value == T()) value = other;
}

}  // namespace

std::string Location::place() const {
  if (!socket.empty()) return fmt::format("the server at {}, database {}", socket, database);
  return fmt::format("the server at {}:{}, database {}", host, port, database);
}

namespace {

/// Other members go before the URL here, since the URL may be the primary's.
Location location_of(const ReplicaOptions& replica, const Location& primary) {
  Location location;
  location.tls = primary.tls;
  location.tls_ca = primary.tls_ca;
  if (!replica.client_url.empty()) read_url(replica.client_url, location);
  if (!replica.host.empty()) location.host = replica.host;
  if (!replica.host.empty() || replica.port != 0) location.socket.clear();
  if (replica.port != 0) location.port = replica.port;
  if (!replica.user.empty()) location.user = replica.user;
  if (!replica.password.empty()) location.password = replica.password;
  if (!replica.db_name.empty()) location.database = replica.db_name;
  if (location.host.empty() && location.port == 0) fill(location.socket, primary.socket);
  fill(location.host, primary.host);
  fill(location.port, primary.port);
  fill(location.user, primary.user);
  fill(location.password, primary.password);
  fill(location.database, primary.database);
  return location;
}

Location location_of(const kin::Options& orm_options, const Options& options) {
  Location location;
  location.tls = options.tls;
  location.tls_ca = options.tls_ca;
  if (!orm_options.client_url.empty()) read_url(orm_options.client_url, location);
  fill(location.host, orm_options.host);
  fill(location.port, orm_options.port);
  fill(location.user, orm_options.user);
  fill(location.password, orm_options.password);
  fill(location.database, orm_options.db_name);
  return location;
}

}  // namespace

Location locate(const kin::Options& orm_options, const Options& options, const ReplicaOptions* replica) {
  Location location = location_of(orm_options, options);
  if (replica != nullptr) location = location_of(*replica, location);
  if (location.socket.empty() && location.host.starts_with('/'))
    location.socket = std::exchange(location.host, {});
  fill(location.host, std::string("127.0.0.1"));
  fill(location.port, usual_port);
  return location;
}

}  // namespace kin::mysql
