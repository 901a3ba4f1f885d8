#include <algorithm>

#include "platform/store/sqlite/repositories.h"

namespace vedette::platform::sqlite {

namespace {

using attestation::AttestationState;
using crypto::Sha256Digest;
using Registers = std::map<std::uint8_t, Sha256Digest>;

Bytes joined(const Registers& registers) {
  Bytes octets;
  for (const auto& [number, digest] : registers) {
    octets.push_back(number);
    append(octets, digest);
  }
  return octets;
}

Result<Registers> registers_of(const Query& row, int column) {
  VEDETTE_TRY(const Bytes octets, row.blob(column));
  constexpr std::size_t kSize = 1 + Sha256Digest{}.size();
  if (octets.size() % kSize != 0) return row.corrupt(column, "not a whole number of registers");
  Registers registers;
  for (ByteView rest(octets); !rest.empty(); rest = rest.subspan(kSize)) {
    if (!registers.empty() && rest[0] <= registers.rbegin()->first)
      return row.corrupt(column, "registers do not ascend");
    std::ranges::copy(rest.subspan(1, kSize - 1), registers[rest[0]].begin());
  }
  return registers;
}

class SqliteAttestationHistory final : public attestation::AttestationHistory {
 public:
  explicit SqliteAttestationHistory(Database& database) : database_(&database) {}

  Result<std::optional<AttestationState>> last(const DeviceId& device) override {
    VEDETTE_TRY(auto row, database_->query("SELECT at, clock, reset_count, restart_count,"
                                           " registers, affirming FROM attestations"
                                           " WHERE device = ?",
                                           {device.str()}));
    VEDETTE_TRY(const bool found, row.next());
    if (!found) return std::nullopt;
    VEDETTE_TRY(const auto at, row.time(0));
    VEDETTE_TRY(const auto clock, row.natural(1));
    VEDETTE_TRY(const auto reset_count, row.natural32(2));
    VEDETTE_TRY(const auto restart_count, row.natural32(3));
    VEDETTE_TRY(auto registers, registers_of(row, 4));
    VEDETTE_TRY(const bool affirming, row.boolean(5));
    return AttestationState{at, clock, reset_count, restart_count, std::move(registers), affirming};
  }

  Result<void> save(const DeviceId& device, const AttestationState& state) override {
    VEDETTE_TRY([[maybe_unused]] const auto rows,
                database_->execute(
                    "INSERT INTO attestations (device, at, clock, reset_count, restart_count,"
                    " registers, affirming) VALUES (?, ?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT (device) DO UPDATE SET at = excluded.at, clock = excluded.clock,"
                    " reset_count = excluded.reset_count, restart_count = excluded.restart_count,"
                    " registers = excluded.registers, affirming = excluded.affirming",
                    {device.str(), state.at, state.clock, state.reset_count, state.restart_count,
                     joined(state.registers), state.affirming}));
    return {};
  }

 private:
  Database* database_;
};

}  // namespace

std::unique_ptr<attestation::AttestationHistory> make_attestation_history(Database& database) {
  return std::make_unique<SqliteAttestationHistory>(database);
}

}  // namespace vedette::platform::sqlite
