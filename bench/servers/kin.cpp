// SPDX-License-Identifier: MIT
// As a user of kin would write it, with kin's defaults.
#include "measure.hpp"
#include "servers/contestant.hpp"

#include <kin/kin.hpp>
#include <kin/postgresql.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bench::servers {
namespace model {

struct Author {
  std::int64_t id{};
  std::string name{};
  std::string email{};
  std::optional<int> age{};
  std::int64_t updated_at{};
};

inline void describe(kin::Schema<Author>& author) { author.table("kin_author"); }

}  // namespace model

namespace {

using kin::field;
using model::Author;

class Kin final : public Contestant {
 public:
  explicit Kin(kin::Options options) : orm_(std::move(options)) {
    orm_.schema().drop();
    orm_.schema().create();
  }
  ~Kin() override { orm_.schema().drop(); }

  void empty() override { orm_.em().execute("truncate kin_author restart identity"); }
  void fill() override {
    orm_.em().execute(
        "insert into kin_author (name, email, age, updated_at) select 'Author ' || i, 'a' || i || '@example.com', i % 80, "
        "1700000000000 + i from generate_series(0, {} - 1) i",
        author_count);
  }
  void load() override {
    em_.emplace(orm_.em());
    authors_ = em_->find<Author>().list();
    require(authors_.size() == author_count, "authors");
  }
  void change() override {
    ++round_;
    for (const auto& author : authors_) {
      author->age = 100 + round_;
      ++author->updated_at;
    }
  }
  void find_by_id() override {
    for (std::int64_t id = 1; id <= look_up_count; ++id) {
      kin::EntityManager em = orm_.em();
      const auto author = em.find_one<Author>(id);
      require(static_cast<bool>(author), "author");
      keep(author->name.size());
    }
  }
  void find_all() override {
    kin::EntityManager em = orm_.em();
    require(em.find<Author>().list().size() == author_count, "authors");
  }
  void insert() override {
    kin::EntityManager em = orm_.em();
    kin::Ref<Author> last;
    for (int i = 0; i < author_count; ++i) {
      last = em.create<Author>({.name = "Author " + std::to_string(i),
                                .email = "a" + std::to_string(i) + "@example.com",
                                .age = i % 80,
                                .updated_at = 1'700'000'000'000 + i});
    }
    em.flush();
    require(last.id() == author_count, "key");
  }
  void flush() override { em_->flush(); }
  void remove() override {
    for (const auto& author : authors_) em_->remove(author);
    em_->flush();
  }
  void unload() override {
    authors_.clear();
    em_.reset();
  }

 private:
  kin::Orm orm_;
  std::optional<kin::EntityManager> em_{};
  std::vector<kin::Ref<Author>> authors_{};
  int round_ = 0;
};

}  // namespace

std::unique_ptr<Contestant> make_kin_on_postgresql(const std::string& url) {
  return std::make_unique<Kin>(kin::Options{
      .driver = kin::postgresql::driver(), .client_url = url, .entities = kin::entities<Author>});
}

}  // namespace bench::servers
