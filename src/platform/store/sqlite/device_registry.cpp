#include <array>

#include "platform/store/sqlite/repositories.h"

namespace vedette::platform::sqlite {

namespace {

using identity::Device;
using identity::DeviceStatus;

constexpr std::array kStatuses{DeviceStatus::active, DeviceStatus::quarantined,
                               DeviceStatus::revoked};

Result<DeviceStatus> status_of(const Query& row, int column) {
  VEDETTE_TRY(const std::string text, row.text(column));
  for (const DeviceStatus status : kStatuses)
    if (to_string(status) == text) return status;
  return row.corrupt(column, "no such status");
}

Result<identity::KeyKind> key_kind_of(const Query& row, int column) {
  VEDETTE_TRY(const std::string text, row.text(column));
  if (const auto kind = identity::key_kind_named(text)) return *kind;
  return row.corrupt(column, "no such kind of key");
}

std::uint32_t number_at(ByteView octets, std::size_t from) {
  std::uint32_t number = 0;
  for (const std::uint8_t octet : octets.subspan(from, 4))
    number = number << 8U | octet;
  return number;
}

Result<std::optional<identity::TpmBoot>> boot_of(const Query& row, int column) {
  VEDETTE_TRY(const Bytes octets, row.blob(column));
  if (octets.empty()) return std::nullopt;
  if (octets.size() != 8) return row.corrupt(column, "not 8 octets");
  return identity::TpmBoot{number_at(octets, 0), number_at(octets, 4)};
}

Bytes octets_of(const std::optional<identity::TpmBoot>& boot) {
  Bytes octets;
  if (!boot) return octets;
  for (const std::uint32_t number : {boot->reset_count, boot->restart_count})
    for (const unsigned shift : {24U, 16U, 8U, 0U})
      octets.push_back(static_cast<std::uint8_t>(number >> shift));
  return octets;
}

Result<std::optional<crypto::Sha256Digest>> digest_or_none(const Query& row, int column) {
  VEDETTE_TRY(const Bytes octets, row.blob(column));
  if (octets.empty()) return std::nullopt;
  VEDETTE_TRY(const crypto::Sha256Digest digest, row.digest(column));
  return digest;
}

ByteView octets_of(const std::optional<crypto::Sha256Digest>& digest) {
  return digest ? ByteView(*digest) : ByteView{};
}

Result<Device> device_of(const Query& row) {
  VEDETTE_TRY(auto id, row.name<DeviceId>(0));
  VEDETTE_TRY(auto group, row.name<GroupId>(1));
  VEDETTE_TRY(const auto status, status_of(row, 2));
  VEDETTE_TRY(const auto epoch, row.natural(3));
  VEDETTE_TRY(const auto endorsement, row.digest(4));
  VEDETTE_TRY(auto attestation_key, row.blob(5));
  VEDETTE_TRY(const auto device_key, row.digest(6));
  VEDETTE_TRY(const auto enrolled_at, row.time(7));
  VEDETTE_TRY(auto reason, row.text(8));
  VEDETTE_TRY(auto sku, row.name_or_none<SkuId>(9));
  VEDETTE_TRY(const auto status_since, row.time(10));
  VEDETTE_TRY(const auto key_kind, key_kind_of(row, 11));
  VEDETTE_TRY(const auto vouched_in, boot_of(row, 12));
  VEDETTE_TRY(const auto key_since, row.time(13));
  VEDETTE_TRY(const auto maker_root, digest_or_none(row, 14));
  return Device{std::move(id),     std::move(group), status,
                Epoch{epoch},      endorsement,      std::move(attestation_key),
                device_key,        enrolled_at,      status_since,
                std::move(reason), std::move(sku),   key_kind,
                vouched_in,        key_since,        maker_root};
}

Result<std::optional<Device>> first_of(Query query) {
  VEDETTE_TRY(const bool found, query.next());
  if (!found) return std::nullopt;
  return device_of(query);
}

class SqliteDeviceRegistry final : public identity::DeviceRegistry {
 public:
  explicit SqliteDeviceRegistry(Database& database) : database_(&database) {}

  Result<std::optional<Device>> find(const DeviceId& id) override {
    VEDETTE_TRY(
        auto query,
        database_->query(
            "SELECT id, group_name, status, epoch, endorsement_sha256,"
            " attestation_key, device_key_sha256, enrolled_at, status_reason, sku, status_since,"
            " key_kind, vouched_in_boot, key_since, maker_root_sha256"
            " FROM devices WHERE id = ?",
            {id.str()}));
    return first_of(std::move(query));
  }

  Result<std::optional<Device>> find_by_endorsement(
      const crypto::Sha256Digest& endorsement_sha256) override {
    VEDETTE_TRY(
        auto query,
        database_->query(
            "SELECT id, group_name, status, epoch, endorsement_sha256,"
            " attestation_key, device_key_sha256, enrolled_at, status_reason, sku, status_since,"
            " key_kind, vouched_in_boot, key_since, maker_root_sha256"
            " FROM devices WHERE endorsement_sha256 = ?",
            {endorsement_sha256}));
    return first_of(std::move(query));
  }

  Result<std::vector<Device>> list() override {
    VEDETTE_TRY(
        auto query,
        database_->query(
            "SELECT id, group_name, status, epoch, endorsement_sha256,"
            " attestation_key, device_key_sha256, enrolled_at, status_reason, sku, status_since,"
            " key_kind, vouched_in_boot, key_since, maker_root_sha256"
            " FROM devices ORDER BY id"));
    std::vector<Device> devices;
    for (;;) {
      VEDETTE_TRY(const bool found, query.next());
      if (!found) return devices;
      VEDETTE_TRY(auto device, device_of(query));
      devices.push_back(std::move(device));
    }
  }

  Result<std::uint64_t> count_admitted_by(const GroupId& group,
                                          const crypto::Sha256Digest& maker_root) override {
    VEDETTE_TRY(auto query,
                database_->query("SELECT count(*) FROM devices WHERE group_name = ?"
                                 " AND maker_root_sha256 = ? AND status <> 'revoked'"
                                 " AND NOT EXISTS (SELECT 1 FROM allowed_endorsements AS allowed"
                                 "  WHERE allowed.endorsement_sha256 = devices.endorsement_sha256)",
                                 {group.str(), maker_root}));
    VEDETTE_TRY([[maybe_unused]] const bool found, query.next());
    return query.natural(0);
  }

  Result<void> save(const Device& device) override {
    // Only a row of the same id is replaced; another with the same endorsement is a contradiction.
    VEDETTE_TRY(
        [[maybe_unused]] const auto rows,
        database_->execute(
            "INSERT INTO devices (id, group_name, status, epoch, endorsement_sha256,"
            " attestation_key, device_key_sha256, enrolled_at, status_reason, sku, status_since,"
            " key_kind, vouched_in_boot, key_since, maker_root_sha256)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET group_name = excluded.group_name,"
            " status = excluded.status, epoch = excluded.epoch,"
            " endorsement_sha256 = excluded.endorsement_sha256,"
            " attestation_key = excluded.attestation_key,"
            " device_key_sha256 = excluded.device_key_sha256,"
            " enrolled_at = excluded.enrolled_at,"
            " status_reason = excluded.status_reason, sku = excluded.sku,"
            " status_since = excluded.status_since, key_kind = excluded.key_kind,"
            " vouched_in_boot = excluded.vouched_in_boot, key_since = excluded.key_since,"
            " maker_root_sha256 = excluded.maker_root_sha256",
            {device.id.str(), device.group.str(), to_string(device.status), device.epoch.value,
             device.endorsement_sha256, device.attestation_key, device.device_key_sha256,
             device.enrolled_at, device.status_reason, text_of(device.sku), device.status_since,
             to_string(device.key_kind), octets_of(device.vouched_in), device.key_since,
             octets_of(device.maker_root)}));
    return {};
  }

 private:
  Database* database_;
};

}  // namespace

std::unique_ptr<identity::DeviceRegistry> make_device_registry(Database& database) {
  return std::make_unique<SqliteDeviceRegistry>(database);
}

}  // namespace vedette::platform::sqlite
