// DeviceLogs: what goes with a quote, and how a verifier asks for it: both ends of the wire form.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "codec/json.h"

namespace vedette::attestation {

// What a verifier asks a device for. By default everything.
struct LogWish {
  bool event_log = true;
  std::uint64_t ima_from = 0;  // how many entries it has believed already
  std::uint64_t runtime_from = 0;

  friend bool operator==(const LogWish&, const LogWish&) = default;
};

// Logs as they come with a quote: octets, of which nothing is believed yet.
struct DeviceLogs {
  // A log from an entry on.
  struct Slice {
    std::uint64_t from = 0;  // how many entries came before since boot
    Bytes octets{};

    friend bool operator==(const Slice&, const Slice&) = default;
  };
  std::optional<Bytes> event_log{};  // none: not asked for, or the device has none
  std::string command_line{};        // the kernel's, as the device says; empty: not known
  std::optional<Slice> ima{};        // none: the device has none
  std::optional<Slice> runtime{};

  friend bool operator==(const DeviceLogs&, const DeviceLogs&) = default;
};

// A challenge's member `logs`: {"event_log": bool, "ima_from": n, "runtime_from": n}. Refuses
// ATT-WISH.
[[nodiscard]] codec::Json to_json(const LogWish& wish);
[[nodiscard]] Result<LogWish> parse_log_wish(const codec::Json& logs);

// The members `event_log`, `kernel_command_line`, `ima` {"from","entries"} and `runtime`
// {"from","records"} of an evidence, octets in base64. Refuses ATT-SYNTAX.
void set_device_logs(codec::Json& evidence, const DeviceLogs& logs);
[[nodiscard]] Result<DeviceLogs> parse_device_logs(const codec::Json& evidence);

}  // namespace vedette::attestation
