#include "platform/store/sqlite/repositories.h"

namespace vedette::platform::sqlite {

namespace {

using identity::AllowedEndorsement;
using identity::EndorsementRoot;

Result<identity::KeyKinds> keys_of(const Query& row, int column) {
  identity::KeyKinds keys;
  VEDETTE_TRY(keys.pkcs11, row.boolean(column));
  VEDETTE_TRY(keys.memory, row.boolean(column + 1));
  return keys;
}

Result<AllowedEndorsement> endorsement_of(const Query& row) {
  VEDETTE_TRY(const auto endorsement, row.digest(0));
  VEDETTE_TRY(auto device, row.name<DeviceId>(1));
  VEDETTE_TRY(auto group, row.name<GroupId>(2));
  VEDETTE_TRY(auto sku, row.name_or_none<SkuId>(3));
  VEDETTE_TRY(const auto keys, keys_of(row, 4));
  return AllowedEndorsement{endorsement, std::move(device), std::move(group), std::move(sku), keys};
}

class SqliteEnrollmentRules final : public identity::EnrollmentRules {
 public:
  explicit SqliteEnrollmentRules(Database& database) : database_(&database) {}

  Result<std::optional<AllowedEndorsement>> find(
      const crypto::Sha256Digest& endorsement_sha256) override {
    VEDETTE_TRY(auto query, database_->query("SELECT endorsement_sha256, device, group_name, sku,"
                                             " key_pkcs11, key_memory"
                                             " FROM allowed_endorsements"
                                             " WHERE endorsement_sha256 = ?",
                                             {endorsement_sha256}));
    VEDETTE_TRY(const bool found, query.next());
    if (!found) return std::nullopt;
    return endorsement_of(query);
  }

  Result<std::vector<AllowedEndorsement>> list() override {
    VEDETTE_TRY(auto query, database_->query("SELECT endorsement_sha256, device, group_name, sku,"
                                             " key_pkcs11, key_memory"
                                             " FROM allowed_endorsements"
                                             " ORDER BY device, endorsement_sha256"));
    std::vector<AllowedEndorsement> entries;
    for (;;) {
      VEDETTE_TRY(const bool found, query.next());
      if (!found) return entries;
      VEDETTE_TRY(auto entry, endorsement_of(query));
      entries.push_back(std::move(entry));
    }
  }

  Result<void> allow(const AllowedEndorsement& entry) override {
    VEDETTE_TRY(
        [[maybe_unused]] const auto rows,
        database_->execute(
            "INSERT INTO allowed_endorsements (endorsement_sha256, device, group_name, sku,"
            " key_pkcs11, key_memory)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (endorsement_sha256)"
            " DO UPDATE SET device = excluded.device, group_name = excluded.group_name,"
            " sku = excluded.sku, key_pkcs11 = excluded.key_pkcs11,"
            " key_memory = excluded.key_memory",
            {entry.endorsement_sha256, entry.device.str(), entry.group.str(), text_of(entry.sku),
             std::uint64_t{entry.keys.pkcs11}, std::uint64_t{entry.keys.memory}}));
    return {};
  }

  Result<std::uint64_t> disallow(const DeviceId& device) override {
    return database_->execute("DELETE FROM allowed_endorsements WHERE device = ?", {device.str()});
  }

  Result<std::vector<EndorsementRoot>> roots() override {
    VEDETTE_TRY(auto query, database_->query("SELECT group_name, certificate_der, sku,"
                                             " sha1_signature, expired, key_pkcs11, key_memory"
                                             " FROM endorsement_roots ORDER BY rowid"));
    std::vector<EndorsementRoot> roots;
    for (;;) {
      VEDETTE_TRY(const bool found, query.next());
      if (!found) return roots;
      VEDETTE_TRY(auto group, query.name<GroupId>(0));
      VEDETTE_TRY(auto certificate, query.blob(1));
      VEDETTE_TRY(auto sku, query.name_or_none<SkuId>(2));
      VEDETTE_TRY(const auto sha1_signature, query.natural(3));
      VEDETTE_TRY(const auto expired, query.natural(4));
      VEDETTE_TRY(const auto keys, keys_of(query, 5));
      roots.push_back({std::move(group),
                       std::move(certificate),
                       std::move(sku),
                       {.sha1_signature = sha1_signature == 1, .expired = expired == 1},
                       keys});
    }
  }

  Result<void> add_root(const EndorsementRoot& root) override {
    VEDETTE_TRY(
        [[maybe_unused]] const auto rows,
        database_->execute(
            "INSERT INTO endorsement_roots"
            " (group_name, certificate_der, sku, sha1_signature, expired, key_pkcs11, key_memory)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (group_name, certificate_der)"
            " DO UPDATE SET sku = excluded.sku,"
            " sha1_signature = excluded.sha1_signature, expired = excluded.expired,"
            " key_pkcs11 = excluded.key_pkcs11, key_memory = excluded.key_memory",
            {root.group.str(), root.certificate_der, text_of(root.sku),
             std::uint64_t{root.tolerance.sha1_signature}, std::uint64_t{root.tolerance.expired},
             std::uint64_t{root.keys.pkcs11}, std::uint64_t{root.keys.memory}}));
    return {};
  }

  Result<bool> remove_root(const GroupId& group, const Bytes& certificate_der) override {
    VEDETTE_TRY(const auto rows,
                database_->execute(
                    "DELETE FROM endorsement_roots WHERE group_name = ? AND certificate_der = ?",
                    {group.str(), certificate_der}));
    return rows > 0;
  }

 private:
  Database* database_;
};

}  // namespace

std::unique_ptr<identity::EnrollmentRules> make_enrollment_rules(Database& database) {
  return std::make_unique<SqliteEnrollmentRules>(database);
}

}  // namespace vedette::platform::sqlite
