#include "platform/store/sqlite/repositories.h"

namespace vedette::platform::sqlite {

namespace {

using identity::IssuedCertificate;

constexpr Duration kKeptAfterExpiry = std::chrono::hours(24);

Result<IssuedCertificate> certificate_of(const Query& row) {
  VEDETTE_TRY(auto serial, row.text(0));
  VEDETTE_TRY(auto device, row.name<DeviceId>(1));
  VEDETTE_TRY(const auto key, row.digest(2));
  VEDETTE_TRY(const auto issued_at, row.time(3));
  VEDETTE_TRY(const auto not_after, row.time(4));
  VEDETTE_TRY(auto der, row.blob(5));
  VEDETTE_TRY(const auto superseded_at, row.time_or_none(6));
  return IssuedCertificate{.device = std::move(device),
                           .serial_hex = std::move(serial),
                           .key_sha256 = key,
                           .issued_at = issued_at,
                           .not_after = not_after,
                           .der = std::move(der),
                           .superseded_at = superseded_at};
}

Result<std::optional<IssuedCertificate>> first_of(Query query) {
  VEDETTE_TRY(const bool found, query.next());
  if (!found) return std::nullopt;
  return certificate_of(query);
}

class SqliteCertificateRegistry final : public identity::CertificateRegistry {
 public:
  explicit SqliteCertificateRegistry(Database& database) : database_(&database) {}

  Result<void> add(const IssuedCertificate& certificate) override {
    VEDETTE_TRY([[maybe_unused]] const auto forgotten,
                database_->execute("DELETE FROM certificates WHERE serial IN (SELECT serial FROM"
                                   " certificates WHERE not_after < ? LIMIT 16)",
                                   {certificate.issued_at - kKeptAfterExpiry}));
    VEDETTE_TRY([[maybe_unused]] const auto rows,
                database_->execute(
                    "INSERT INTO certificates (serial, device, key_sha256, issued_at,"
                    " not_after, der) VALUES (?, ?, ?, ?, ?, ?)",
                    {certificate.serial_hex, certificate.device.str(), certificate.key_sha256,
                     certificate.issued_at, certificate.not_after, certificate.der}));
    return {};
  }

  Result<std::optional<IssuedCertificate>> find(const std::string& serial_hex) override {
    VEDETTE_TRY(auto query, database_->query("SELECT c.serial, c.device, c.key_sha256, c.issued_at,"
                                             " c.not_after, c.der,"
                                             " (SELECT min(n.issued_at) FROM certificates n"
                                             " WHERE n.device = c.device AND n.rowid > c.rowid"
                                             " AND n.key_sha256 <> c.key_sha256)"
                                             " FROM certificates c WHERE c.serial = ?",
                                             {serial_hex}));
    return first_of(std::move(query));
  }

  Result<std::optional<IssuedCertificate>> latest(const DeviceId& device,
                                                  const crypto::Sha256Digest& key_sha256) override {
    VEDETTE_TRY(auto query,
                database_->query("SELECT c.serial, c.device, c.key_sha256, c.issued_at,"
                                 " c.not_after, c.der,"
                                 " (SELECT min(n.issued_at) FROM certificates n"
                                 " WHERE n.device = c.device AND n.rowid > c.rowid"
                                 " AND n.key_sha256 <> c.key_sha256)"
                                 " FROM certificates c WHERE c.device = ? AND c.key_sha256 = ?"
                                 " ORDER BY c.issued_at DESC, c.rowid DESC LIMIT 1",
                                 {device.str(), key_sha256}));
    return first_of(std::move(query));
  }

  Result<std::vector<std::pair<IssuedCertificate, identity::Device>>> in_doubt(
      TimePoint now) override {
    VEDETTE_TRY(
        auto query,
        database_->query("SELECT c.serial, c.device, c.key_sha256, c.issued_at, c.not_after, c.der,"
                         " (SELECT min(n.issued_at) FROM certificates n"
                         " WHERE n.device = c.device AND n.rowid > c.rowid"
                         " AND n.key_sha256 <> c.key_sha256)"
                         " FROM certificates c JOIN devices d ON d.id = c.device"
                         " WHERE c.not_after > ?"
                         " AND (d.status <> 'active' OR d.device_key_sha256 <> c.key_sha256"
                         " OR c.issued_at < d.key_since)",
                         {now}));
    std::vector<IssuedCertificate> certificates;
    for (;;) {
      VEDETTE_TRY(const bool found, query.next());
      if (!found) return with_devices(std::move(certificates));
      VEDETTE_TRY(auto certificate, certificate_of(query));
      certificates.push_back(std::move(certificate));
    }
  }

 private:
  Result<std::vector<std::pair<IssuedCertificate, identity::Device>>> with_devices(
      std::vector<IssuedCertificate> certificates) {
    const auto devices = make_device_registry(*database_);
    std::vector<std::pair<IssuedCertificate, identity::Device>> pairs;
    for (IssuedCertificate& certificate : certificates) {
      VEDETTE_TRY(auto device, devices->find(certificate.device));
      if (device) pairs.emplace_back(std::move(certificate), *std::move(device));
    }
    return pairs;
  }

  Database* database_;
};

}  // namespace

std::unique_ptr<identity::CertificateRegistry> make_certificate_registry(Database& database) {
  return std::make_unique<SqliteCertificateRegistry>(database);
}

}  // namespace vedette::platform::sqlite
