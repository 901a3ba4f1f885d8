#include "platform/store/sqlite/repositories.h"

namespace vedette::platform::sqlite {

namespace {

using identity::EnrollmentToken;

constexpr Duration kKeptAfterExpiry = std::chrono::hours(24);

Result<EnrollmentToken> token_of(const Query& row) {
  VEDETTE_TRY(const auto sha256, row.digest(0));
  VEDETTE_TRY(auto group, row.name<GroupId>(1));
  VEDETTE_TRY(const Bytes endorsement, row.blob(2));
  VEDETTE_TRY(auto serial, row.text(3));
  VEDETTE_TRY(const auto expires_at, row.time(4));
  VEDETTE_TRY(const auto used, row.natural(5));
  EnrollmentToken token{.sha256 = sha256,
                        .group = std::move(group),
                        .certificate_serial = std::move(serial),
                        .expires_at = expires_at,
                        .used = used != 0};
  if (!endorsement.empty()) {
    VEDETTE_TRY(token.endorsement_sha256, row.digest(2));
  }
  return token;
}

class SqliteEnrollmentTokens final : public identity::EnrollmentTokens {
 public:
  explicit SqliteEnrollmentTokens(Database& database) : database_(&database) {}

  Result<void> add(const EnrollmentToken& token, TimePoint now) override {
    VEDETTE_TRY([[maybe_unused]] const auto forgotten,
                database_->execute("DELETE FROM enrollment_tokens WHERE sha256 IN (SELECT sha256"
                                   " FROM enrollment_tokens WHERE expires_at < ? LIMIT 16)",
                                   {now - kKeptAfterExpiry}));
    const Bytes endorsement =
        token.endorsement_sha256 ? to_bytes(ByteView(*token.endorsement_sha256)) : Bytes();
    VEDETTE_TRY(
        [[maybe_unused]] const auto rows,
        database_->execute("INSERT INTO enrollment_tokens (sha256, group_name,"
                           " endorsement_sha256, certificate_serial, expires_at, used)"
                           " VALUES (?, ?, ?, ?, ?, ?)",
                           {token.sha256, token.group.str(), endorsement, token.certificate_serial,
                            token.expires_at, std::uint64_t{token.used}}));
    return {};
  }

  Result<std::optional<EnrollmentToken>> find(const crypto::Sha256Digest& sha256) override {
    VEDETTE_TRY(auto query,
                database_->query("SELECT sha256, group_name, endorsement_sha256,"
                                 " certificate_serial, expires_at, used FROM enrollment_tokens"
                                 " WHERE sha256 = ?",
                                 {sha256}));
    VEDETTE_TRY(const bool found, query.next());
    if (!found) return std::nullopt;
    return token_of(query);
  }

  Result<void> use(const crypto::Sha256Digest& sha256) override {
    VEDETTE_TRY(
        const auto rows,
        database_->execute("UPDATE enrollment_tokens SET used = 1 WHERE sha256 = ? AND used = 0",
                           {sha256}));
    if (rows == 1) return {};
    return refuse("ENR-TOKEN-USED", "the enrolment token has been used", {},
                  "have an operator make one: 'vedette device token'");
  }

 private:
  Database* database_;
};

}  // namespace

std::unique_ptr<identity::EnrollmentTokens> make_enrollment_tokens(Database& database) {
  return std::make_unique<SqliteEnrollmentTokens>(database);
}

}  // namespace vedette::platform::sqlite
