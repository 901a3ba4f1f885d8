#include "agent/time_record.h"

#include "agent/state_file.h"
#include "base/new_file.h"
#include "codec/json.h"

namespace vedette::agent {

namespace {

using codec::Json;

constexpr std::size_t kMaxRecord = 4096;
constexpr std::int64_t kLongestClock = 253'402'300'799'000;  // milliseconds: until the year 9999

std::string path_in(const std::string& folder) {
  return folder + "/time.json";
}

std::unexpected<Error> damaged(std::string cause) {
  return refuse("AGT-STATE", "the record of the time is damaged", std::move(cause));
}

Result<std::int64_t> number(const Json& json, std::string_view name, std::int64_t most) {
  const auto value = json.integer(name);
  if (!value) return damaged(describe(value.error()));
  if (*value < 0 || *value > most) return damaged(std::string(name));
  return *value;
}

Result<codec::TpmClockInfo> tpm_of(const Json& json) {
  constexpr std::int64_t kMostCounts = 0xFFFF'FFFF;
  codec::TpmClockInfo tpm;
  VEDETTE_TRY(const std::int64_t clock, number(json, "clock", kLongestClock));
  VEDETTE_TRY(const std::int64_t resets, number(json, "resets", kMostCounts));
  VEDETTE_TRY(const std::int64_t restarts, number(json, "restarts", kMostCounts));
  tpm.clock = static_cast<std::uint64_t>(clock);
  tpm.reset_count = static_cast<std::uint32_t>(resets);
  tpm.restart_count = static_cast<std::uint32_t>(restarts);
  return tpm;
}

}  // namespace

TimeFloor floor_of(const TimeRecord& record, const std::optional<codec::TpmClockInfo>& tpm) {
  if (!record.tpm || !tpm) return {record.told, {}};
  // What a power failure may take from the clock is told by `safe`.
  const bool went_back = tpm->clock < record.tpm->clock && tpm->safe;
  if (went_back || tpm->reset_count < record.tpm->reset_count)
    return {record.told,
            Error{"TIME-TPM", "the TPM's clock is behind what it was when the time was told",
                  std::to_string(tpm->clock) + " ms after " + std::to_string(tpm->reset_count) +
                      " resets; it was " + std::to_string(record.tpm->clock) + " ms after " +
                      std::to_string(record.tpm->reset_count),
                  "was the TPM cleared, or the state folder brought from another device?"}};
  if (tpm->clock < record.tpm->clock) return {record.told, {}};
  const std::uint64_t counted = tpm->clock - record.tpm->clock;
  if (counted > static_cast<std::uint64_t>(kLongestClock)) return {record.told, {}};
  return {record.told + Duration(static_cast<std::int64_t>(counted / 3 * 2)), {}};
}

Result<std::optional<TimeRecord>> load_time_record(const std::string& folder) {
  remove_leftovers(path_in(folder));
  VEDETTE_TRY(const auto json, read_state_file(path_in(folder), kMaxRecord));
  if (!json) return std::nullopt;
  TimeRecord record;
  VEDETTE_TRY(const std::int64_t told, number(*json, "told", kLongestClock));
  record.told = TimePoint{Duration{told}};
  if (const Json* const tpm = json->find("tpm")) {
    VEDETTE_TRY(record.tpm, tpm_of(*tpm));
  }
  return record;
}

Result<void> save_time_record(const std::string& folder, const TimeRecord& record) {
  Json json;
  json.set("told", std::int64_t{record.told.time_since_epoch().count()});
  if (record.tpm) {
    Json tpm;
    tpm.set("clock", record.tpm->clock);
    tpm.set("resets", std::int64_t{record.tpm->reset_count});
    tpm.set("restarts", std::int64_t{record.tpm->restart_count});
    json.set("tpm", std::move(tpm));
  }
  return write_state_file(path_in(folder), json, kMaxRecord);
}

}  // namespace vedette::agent
