#include <algorithm>

#include "platform/store/sqlite/repositories.h"

namespace vedette::platform::sqlite {

namespace {

using attestation::AttestationState;
using attestation::Registers;
using codec::TpmAlgorithm;
using crypto::BankDigest;
using crypto::Sha256Digest;

// Those of this bank, number and digest one after the other.
Bytes joined(const Registers& registers, TpmAlgorithm bank) {
  Bytes octets;
  for (const auto& [number, digest] : registers) {
    if (digest.bank() != bank) continue;
    octets.push_back(number);
    append(octets, digest.octets());
  }
  return octets;
}

Result<Registers> registers_of(const Query& row, int column, TpmAlgorithm bank) {
  VEDETTE_TRY(const Bytes octets, row.blob(column));
  const std::size_t size = 1 + codec::digest_size(bank);
  if (octets.size() % size != 0) return row.corrupt(column, "not a whole number of registers");
  Registers registers;
  for (ByteView rest(octets); !rest.empty(); rest = rest.subspan(size)) {
    if (!registers.empty() && rest[0] <= registers.rbegin()->first)
      return row.corrupt(column, "registers do not ascend");
    registers.emplace(rest[0], BankDigest::from(bank, rest.subspan(1, size - 1)).value());
  }
  return registers;
}

Result<Registers> registers_of(const Query& row, int sha256, int sha384) {
  VEDETTE_TRY(auto registers, registers_of(row, sha256, TpmAlgorithm::sha256));
  VEDETTE_TRY(auto others, registers_of(row, sha384, TpmAlgorithm::sha384));
  if (others.empty()) return registers;
  if (!registers.empty()) return row.corrupt(sha384, "registers of two banks");
  return others;
}

ByteView octets_of(const std::optional<Sha256Digest>& digest) {
  return digest ? ByteView(*digest) : ByteView{};
}

Result<std::optional<Sha256Digest>> optional_sha256(const Query& row, int column) {
  VEDETTE_TRY(const Bytes octets, row.blob(column));
  if (octets.empty()) return std::nullopt;
  VEDETTE_TRY(const Sha256Digest digest, row.digest(column));
  return digest;
}

class SqliteAttestationHistory final : public attestation::AttestationHistory {
 public:
  explicit SqliteAttestationHistory(Database& database) : database_(&database) {}

  Result<std::optional<AttestationState>> last(const DeviceId& device) override {
    VEDETTE_TRY(auto row, database_->query("SELECT at, clock, reset_count, restart_count,"
                                           " registers, affirming, memory, event_log,"
                                           " good_event_log, registers_sha384,"
                                           " attestation_key_sha256 FROM attestations"
                                           " WHERE device = ?",
                                           {device.str()}));
    VEDETTE_TRY(const bool found, row.next());
    if (!found) return std::nullopt;
    VEDETTE_TRY(const auto at, row.time(0));
    VEDETTE_TRY(const auto clock, row.natural(1));
    VEDETTE_TRY(const auto reset_count, row.natural32(2));
    VEDETTE_TRY(const auto restart_count, row.natural32(3));
    VEDETTE_TRY(auto registers, registers_of(row, 4, 9));
    VEDETTE_TRY(const bool affirming, row.boolean(5));
    VEDETTE_TRY(std::string memory, row.text(6));
    VEDETTE_TRY(const auto event_log, optional_sha256(row, 7));
    VEDETTE_TRY(const auto good_event_log, optional_sha256(row, 8));
    VEDETTE_TRY(const auto attestation_key, optional_sha256(row, 10));
    return AttestationState{at,
                            clock,
                            reset_count,
                            restart_count,
                            std::move(registers),
                            affirming,
                            std::move(memory),
                            event_log,
                            good_event_log,
                            attestation_key};
  }

  Result<void> save(const DeviceId& device, const AttestationState& state) override {
    VEDETTE_TRY(
        [[maybe_unused]] const auto rows,
        database_->execute(
            "INSERT INTO attestations (device, at, clock, reset_count, restart_count,"
            " registers, affirming, memory, event_log, good_event_log, registers_sha384,"
            " attestation_key_sha256)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (device) DO UPDATE SET at = excluded.at, clock = excluded.clock,"
            " reset_count = excluded.reset_count, restart_count = excluded.restart_count,"
            " registers = excluded.registers, affirming = excluded.affirming,"
            " memory = excluded.memory, event_log = excluded.event_log,"
            " good_event_log = excluded.good_event_log,"
            " registers_sha384 = excluded.registers_sha384,"
            " attestation_key_sha256 = excluded.attestation_key_sha256",
            {device.str(), state.at, state.clock, state.reset_count, state.restart_count,
             joined(state.registers, TpmAlgorithm::sha256), state.affirming, state.memory,
             octets_of(state.event_log), octets_of(state.good_event_log),
             joined(state.registers, TpmAlgorithm::sha384), octets_of(state.attestation_key)}));
    return {};
  }

  Result<std::vector<DeviceId>> affirming_before(TimePoint time, std::size_t most) override {
    VEDETTE_TRY(auto rows, database_->query("SELECT device FROM attestations"
                                            " WHERE affirming = 1 AND at < ? ORDER BY at LIMIT ?",
                                            {time, std::uint64_t{most}}));
    std::vector<DeviceId> devices;
    for (;;) {
      VEDETTE_TRY(const bool found, rows.next());
      if (!found) return devices;
      VEDETTE_TRY(DeviceId device, rows.name<DeviceId>(0));
      devices.push_back(std::move(device));
    }
  }

  Result<void> keep_event_log(const Sha256Digest& name, ByteView octets) override {
    VEDETTE_TRY(const auto added,
                database_->execute("INSERT INTO event_logs (name, octets) VALUES (?, ?)"
                                   " ON CONFLICT DO NOTHING",
                                   {name, octets}));
    if (added == 0) return {};
    VEDETTE_TRY([[maybe_unused]] const auto forgotten,
                database_->execute(
                    "DELETE FROM event_logs WHERE name <> ?"
                    " AND NOT EXISTS (SELECT 1 FROM attestations WHERE event_log = name)"
                    " AND NOT EXISTS (SELECT 1 FROM attestations WHERE good_event_log = name)",
                    {name}));
    return {};
  }

  Result<std::optional<Bytes>> event_log(const Sha256Digest& name) override {
    VEDETTE_TRY(auto row, database_->query("SELECT octets FROM event_logs WHERE name = ?", {name}));
    VEDETTE_TRY(const bool found, row.next());
    if (!found) return std::nullopt;
    VEDETTE_TRY(Bytes octets, row.blob(0));
    return octets;
  }

  Result<std::uint64_t> count_alike(const attestation::ReferenceTarget& target,
                                    const Sha256Digest& log) override {
    const std::string sku = text_of(target.sku);
    VEDETTE_TRY(auto row,
                database_->query("SELECT count(*) FROM attestations JOIN devices d ON d.id = device"
                                 " WHERE event_log = ? AND d.group_name = ?"
                                 " AND (d.sku = ? OR (? = '' AND NOT EXISTS"
                                 " (SELECT 1 FROM reference_sets s"
                                 " WHERE s.group_name = d.group_name AND s.sku = d.sku)))",
                                 {log, target.group.str(), sku, sku}));
    VEDETTE_TRY([[maybe_unused]] const bool found, row.next());
    return row.natural(0);
  }

  Result<void> keep_ima_list(const DeviceId& device, ByteView octets) override {
    if (octets.empty()) {
      VEDETTE_TRY([[maybe_unused]] const auto rows,
                  database_->execute("DELETE FROM ima_lists WHERE device = ?", {device.str()}));
      return {};
    }
    VEDETTE_TRY([[maybe_unused]] const auto rows,
                database_->execute("INSERT INTO ima_lists (device, octets) VALUES (?, ?)"
                                   " ON CONFLICT (device) DO UPDATE SET octets = excluded.octets",
                                   {device.str(), octets}));
    return {};
  }

  Result<Bytes> ima_list(const DeviceId& device) override {
    VEDETTE_TRY(auto row,
                database_->query("SELECT octets FROM ima_lists WHERE device = ?", {device.str()}));
    VEDETTE_TRY(const bool found, row.next());
    if (!found) return Bytes{};
    return row.blob(0);
  }

 private:
  Database* database_;
};

}  // namespace

std::unique_ptr<attestation::AttestationHistory> make_attestation_history(Database& database) {
  return std::make_unique<SqliteAttestationHistory>(database);
}

}  // namespace vedette::platform::sqlite
