// SPDX-License-Identifier: MIT
#include <kin/error.hpp>
#include <kin/detail/expression.hpp>

#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string>
#include <utility>

#include <boost/unordered/unordered_flat_map.hpp>

#include "query/expression_data.hpp"

namespace kin::detail {
namespace {

/// From this size on, a chain that grows at its front takes the short side to the long one's end.
constexpr std::size_t long_chain = 256;

bool ends_in(const ExpressionData& data, Op op) {
  return !data.tokens.empty() && data.tokens.back().op == op;
}

/// Takes the operator off the end; returns the number of operands that now lie open.
std::uint32_t open_chain(ExpressionData& data, Op op) {
  if (!ends_in(data, op)) return 1;
  const std::uint32_t count = data.tokens.back().count;
  data.tokens.pop_back();
  return count;
}

void append_data(ExpressionData& to, const ExpressionData& from) {
  const std::uint64_t shift = to.bytes.size();
  to.tokens.insert(to.tokens.end(), from.tokens.begin(), from.tokens.end());
  const std::size_t first = to.values.size();
  to.values.insert(to.values.end(), from.values.begin(), from.values.end());
  to.bytes.insert(to.bytes.end(), from.bytes.begin(), from.bytes.end());
  if (shift == 0) return;
  for (std::size_t i = first; i < to.values.size(); ++i) {
    StoredValue& value = to.values[i];
    if (from.value(i - first).has_bytes()) value.begin += shift;
  }
}

Expression never() {
  Expression expression;
  expression.push_operator(Op::always);
  expression.push_operator(Op::not_);
  return expression;
}

Expression with_operator(Expression operand, Op op) {
  operand.push_operator(op);
  return operand;
}

Expression first_tokens(const ExpressionData& data, std::size_t count) {
  Expression expression;
  std::size_t value = 0;
  for (const Token& token : std::span(data.tokens.data(), count)) {
    if (token.op == Op::value) {
      expression.push_value(data.value(value++));
    } else if (token.op == Op::field) {
      expression.push_field({token.path, token.path_length}, token.alias);
    } else if (token.op == Op::column) {
      expression.push_column(token.alias);
    } else {
      expression.push_operator(token.op, token.count);
    }
  }
  return expression;
}

/// Appends the key as a JSON string, which is how the paths of SQLite, MySQL and SQL's JSON path quote it.
void append_json_key(std::string& out, std::string_view key) {
  constexpr char digits[] = "0123456789abcdef";
  out += ".\"";
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

ValueView ExpressionData::value(std::size_t index) const noexcept {
  const StoredValue& stored = values[index];
  const auto text = [&] { return std::string_view(bytes.data() + stored.begin, stored.size); };
  switch (stored.kind) {
    case ValueKind::null:
      return ValueView::null();
    case ValueKind::boolean:
      return ValueView::boolean(stored.integer != 0);
    case ValueKind::integer:
      return ValueView::integer(stored.integer);
    case ValueKind::unsigned_integer:
      return ValueView::unsigned_integer(static_cast<std::uint64_t>(stored.integer));
    case ValueKind::real:
      return ValueView::real(stored.real);
    case ValueKind::text:
      return ValueView::text(text());
    case ValueKind::blob:
      return ValueView::blob(text().data(), stored.size);
    case ValueKind::decimal:
      return ValueView::decimal(text());
    case ValueKind::date:
      return ValueView::date(stored.integer);
    case ValueKind::time:
      return ValueView::time(stored.integer);
    case ValueKind::timestamp:
      return ValueView::timestamp(stored.integer, stored.fraction_digits);
    case ValueKind::uuid:
      return ValueView::uuid(text().data());
    case ValueKind::json:
      return ValueView::json(text());
    case ValueKind::array:
      return ValueView::array(text());
    case ValueKind::interval:
      return ValueView::interval(text());
  }
  return ValueView::null();
}

void ExpressionData::add_value(ValueView value) {
  StoredValue stored;
  stored.kind = value.kind();
  stored.fraction_digits = static_cast<std::uint8_t>(value.fraction_digits());
  if (value.has_bytes()) {
    const std::string_view text = value.bytes();
    stored.size = static_cast<std::uint32_t>(text.size());
    stored.begin = bytes.size();
    bytes.insert(bytes.end(), text.begin(), text.end());
  } else if (value.kind() == ValueKind::real) {
    stored.real = value.as_real();
  } else {
    stored.integer = value.as_integer();
  }
  values.push_back(stored);
}

std::uint32_t operand_count(const Token& token) noexcept {
  switch (token.op) {
    case Op::field:
    case Op::value:
    case Op::column:
    case Op::always:
    case Op::count_all:
      return 0;
    case Op::is_null:
    case Op::is_not_null:
    case Op::not_:
    case Op::size:
    case Op::count:
    case Op::count_distinct:
    case Op::sum:
    case Op::avg:
    case Op::min:
    case Op::max:
      return 1;
    case Op::between:
      return 3;
    case Op::in:
    case Op::not_in:
    case Op::some:
    case Op::none:
    case Op::every:
      return 1 + token.count;
    case Op::and_:
    case Op::or_:
      return token.count;
    default:
      return 2;
  }
}

Expression::Expression(const Expression& other)
    : data_(other.data_ ? new ExpressionData(*other.data_) : nullptr) {}

Expression& Expression::operator=(const Expression& other) {
  if (this != &other) *this = Expression(other);
  return *this;
}

Expression& Expression::operator=(Expression&& other) noexcept {
  std::swap(data_, other.data_);
  return *this;
}

void Expression::destroy() noexcept { delete data_; }

ExpressionData& Expression::mutable_data() {
  if (!data_) data_ = new ExpressionData();
  return *data_;
}

void Expression::push_field(MemberPath path, const char* alias) {
  Token token;
  token.op = Op::field;
  token.path_length = static_cast<std::uint8_t>(path.length);
  token.path = path.steps;
  token.alias = alias;
  mutable_data().tokens.push_back(token);
}

void Expression::push_column(const char* interned_name) {
  Token token;
  token.op = Op::column;
  token.alias = interned_name;
  mutable_data().tokens.push_back(token);
}

void Expression::push_value(ValueView value) {
  ExpressionData& data = mutable_data();
  data.add_value(value);
  Token token;
  token.op = Op::value;
  data.tokens.push_back(token);
}

void Expression::push_operator(Op op, std::uint32_t count) {
  Token token;
  token.op = op;
  token.count = count;
  mutable_data().tokens.push_back(token);
}

void Expression::append(const Expression& other) {
  if (other.data_ && other.data_ == data_) {
    append(Expression(other));
  } else if (other.data_) {
    append_data(mutable_data(), *other.data_);
  }
}

void Expression::append(Expression&& other) {
  if (data_) {
    append(std::as_const(other));
  } else {
    data_ = std::exchange(other.data_, nullptr);
  }
}

void Expression::combine(Op and_or_or, Expression&& other) {
  if (&other == this) return;  // x and x, x or x
  if (empty() || other.empty()) {
    // True and x is x; true or x is true.
    const bool keeps_other = empty() == (and_or_or == Op::and_);
    if (keeps_other) std::swap(data_, other.data_);
    return;
  }
  std::uint32_t count = open_chain(*data_, and_or_or);
  count += open_chain(*other.data_, and_or_or);
  // A chain that grows at its front would be copied each time. The order of its operands means nothing, so
  // the long side stays in place.
  const std::size_t other_size = other.data_->tokens.size();
  if (other_size > long_chain && other_size / 2 > data_->tokens.size()) std::swap(data_, other.data_);
  append_data(*data_, *other.data_);
  push_operator(and_or_or, count);
}

void Expression::negate() {
  if (data_ && ends_in(*data_, Op::not_)) {
    data_->tokens.pop_back();
    return;
  }
  if (empty()) push_operator(Op::always);
  push_operator(Op::not_);
}

Expression comparison(Op op, MemberPath path, const char* alias, ValueView value) {
  return comparison(op, field_expression(path, alias), value);
}

Expression comparison(Op op, Expression left, ValueView value) {
  if (value.is_null()) {
    if (op == Op::eq) return with_operator(std::move(left), Op::is_null);
    if (op == Op::ne) return with_operator(std::move(left), Op::is_not_null);
    return never();
  }
  left.push_value(value);
  return with_operator(std::move(left), op);
}

Expression comparison(Op op, Expression left, Expression right) {
  left.append(std::move(right));
  return with_operator(std::move(left), op);
}

Expression unary(Op op, MemberPath path, const char* alias) {
  return with_operator(field_expression(path, alias), op);
}

Expression field_expression(MemberPath path, const char* alias) {
  Expression expression;
  expression.push_field(path, alias);
  return expression;
}

Expression quantified(Op op, MemberPath collection, const char* alias, Expression condition) {
  if (condition.empty()) condition.push_operator(Op::always);
  condition.push_field(collection, alias);
  condition.push_operator(op, 1);
  return condition;
}

Expression deeper_json(Expression json, std::string_view key) {
  // SQLite before 3.44 has no way to write such a key in a path; a condition must not silently find nothing.
  if (key.find('"') != std::string_view::npos)
    throw ValidationError("a JSON key with a double quote in it cannot be compared; ask for it with has_key()");
  const ExpressionData* data = json.data();
  const bool goes_on = data && ends_in(*data, Op::json_path);
  std::string path = goes_on ? std::string(data->value(data->values.size() - 1).bytes()) : "$";
  append_json_key(path, key);
  Expression deeper = goes_on ? first_tokens(*data, data->tokens.size() - 2) : std::move(json);
  deeper.push_value(ValueView::text(path));
  return with_operator(std::move(deeper), Op::json_path);
}

ListBuilder::ListBuilder(Op op, Expression operand)
    : op_(op), expression_(operand), operand_(std::move(operand)) {}

void ListBuilder::add(ValueView value) {
  if (value.is_null()) {
    has_null_ = true;
    return;
  }
  expression_.push_value(value);
  ++count_;
}

Expression ListBuilder::finish() {
  const bool is_in = op_ == Op::in;
  // In nothing is true for no row, not in nothing for every row.
  if (count_ == 0 && !has_null_) return is_in ? never() : Expression();
  Expression null_test;
  if (has_null_) null_test = with_operator(std::move(operand_), is_in ? Op::is_null : Op::is_not_null);
  if (count_ == 0) return null_test;
  expression_.push_operator(op_, count_);
  if (has_null_) expression_.combine(is_in ? Op::or_ : Op::and_, std::move(null_test));
  return std::move(expression_);
}

const char* intern(std::string_view text) {
  // Never destroyed: names are used until the very end of the process.
  static auto& names = *new boost::unordered_flat_map<std::string_view, std::unique_ptr<const std::string>>();
  static auto& mutex = *new std::shared_mutex();
  {
    const std::shared_lock lock(mutex);
    if (const auto found = names.find(text); found != names.end()) return found->second->c_str();
  }
  auto name = std::make_unique<const std::string>(text);
  const std::unique_lock lock(mutex);
  const std::string_view key = *name;
  return names.try_emplace(key, std::move(name)).first->second->c_str();
}

}  // namespace kin::detail
