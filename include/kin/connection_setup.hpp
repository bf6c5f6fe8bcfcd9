// SPDX-License-Identifier: MIT
#pragma once

#include <kin/field.hpp>
#include <kin/options.hpp>
#include <kin/value.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kin {

/// What a hook gets: it records statements, and the connection runs them in order when the hook has returned.
/// So the same hook serves blocking and async users. Valid during the call.
class ConnectionSetup {
 public:
  struct Statement {
    std::string sql{};
    std::vector<Value> parameters{};
  };

  /// Each {} is a bound parameter, as of EntityManager::execute:
  /// setup.execute("select set_config('app.tenant', {}, false)", tenant).
  template <class... Values>
  ConnectionSetup& execute(std::string_view sql, const Values&... values) {
    Statement& statement = statements_.emplace_back();
    statement.sql = sql;
    (detail::capture<detail::strip_optional<Values>>(
         values, [&](ValueView view) { statement.parameters.push_back(Value(view)); }),
     ...);
    return *this;
  }

  const std::vector<Statement>& statements() const noexcept { return statements_; }

 private:
  std::vector<Statement> statements_{};
};

}  // namespace kin
