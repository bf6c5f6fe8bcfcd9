// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/mysql/mysql_parameters.hpp"
#include "drivers/mysql/mysql_rows.hpp"
#include "drivers/mysql/mysql_session.hpp"
#include "drivers/mysql/mysql_statements.hpp"
#include "sql/wire.hpp"

namespace kin::mysql {

/// What a wire has to know of the server and the Orm's options.
struct WireSettings {
  std::size_t statement_cache_size = 256;
  std::size_t batch_size = 300;              ///< most rows of one statement
  std::size_t max_packet = 4 * 1024 * 1024;  ///< the server's max_allowed_packet
  std::vector<std::string> session_statements{};  ///< what a session begins with
  std::int64_t key_increment = 1;            ///< the session's auto_increment_increment
};

/// MySQL or MariaDB as a wire, on libmariadb. Statements are prepared once a connection, values and rows are
/// binary. New rows travel together: on MySQL as rows of one insert, on MariaDB as an array of parameters, as
/// its updates and deletes do. On MySQL many rows are updated by one join with their values, and deleted by a
/// list of their keys.
class MysqlWire final : public sql::Wire {
 public:
  MysqlWire(std::unique_ptr<Session> session, const WireSettings& settings);

  Task<void> read(const std::string& text, std::span<const ValueView> parameters,
                  driver::RowSink& sink) override;
  Task<void> write(const std::string& text, driver::WriteBatch& batch) override;
  Task<std::uint64_t> execute(const std::string& text, std::span<const ValueView> parameters,
                              driver::RowSink* sink) override;

  std::string begin_text(const TransactionOptions& options) const override;
  Task<void> begin(const TransactionOptions& options) override;
  bool in_transaction() const noexcept override { return session_->in_transaction(); }
  bool reset(bool touched) noexcept override;
  Task<void> renew() override;

  /// False when the connection broke while nobody used it.
  bool is_alive() const noexcept {
    return session_->is_usable() && (session_->is_resetting() || !session_->has_unexpected_input());
  }

 private:
  struct Writing;

  Task<StatementUse> prepared(const std::string& text);
  Task<StatementUse> prepared_if_possible(const std::string& text);
  Task<StatementHandle> prepare(const std::string& text, bool& impossible);
  Task<bool> run_again_if_stale(StatementUse& use, const ErrorContext& context, bool may_run_again);
  Task<std::uint64_t> execute_text(const std::string& text, driver::RowSink* sink);
  Task<std::uint64_t> execute_prepared(StatementUse& use, const std::string& text, driver::RowSink* sink);
  void bind(StatementUse& use, const std::string& text, std::span<const ValueView> parameters);
  void pass_rows(StatementUse& use, driver::RowSink& sink);
  void pass_rows(MYSQL_RES* result, driver::RowSink* sink);

  Task<void> insert(const Writing& writing);
  Task<std::size_t> insert_rows(const Writing& writing, std::size_t first, std::size_t count);
  Task<std::size_t> insert_array(const Writing& writing, std::size_t first, std::size_t count);
  Task<void> change(const Writing& writing);
  Task<void> change_one_by_one(const Writing& writing);
  Task<std::uint64_t> change_array(const Writing& writing, std::size_t first, std::size_t count, bool& fits);
  Task<bool> change_together(const Writing& writing);
  Task<void> run_bound(const Writing& writing, StatementUse& use, std::optional<std::size_t> row);
  Task<std::uint64_t> change_rows(const Writing& writing, std::size_t first, std::size_t& count);
  Task<void> read_back(const Writing& writing, std::span<const Column* const> columns, std::size_t largest);
  std::vector<driver::EntityState*> store_read_back(const Writing& reading, StatementUse& use,
                                                    std::span<const Column* const> columns, std::size_t first,
                                                    std::size_t count);

  void add_rows(const Writing& writing, std::size_t first, std::size_t count);
  std::size_t fitting_rows(const Writing& writing, std::size_t count) const noexcept;
  std::size_t rows_without_long_values(std::size_t count, std::size_t width) const noexcept;
  void store_rows(const Writing& writing, StatementUse& use, std::size_t first, std::size_t count);
  void store_keys(const Writing& writing, StatementUse& use, std::size_t first, std::size_t count);

  StatementCache statements_;  // first, so that it ends after the connection
  const std::unique_ptr<Session> session_;
  const WireSettings settings_;
  Parameters parameters_;
  RowReader rows_;
  Scratch scratch_{};
};

}  // namespace kin::mysql
