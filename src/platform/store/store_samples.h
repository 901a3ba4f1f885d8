// Values and a folder for the store's tests.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "platform/store/store.h"

namespace vedette::platform::samples {

// A new empty folder, removed with all that is in it.
class Folder {
 public:
  Folder() {
    std::string pattern = std::filesystem::temp_directory_path() / "vedette-store-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] std::string file(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// A digest of its own for every number.
inline crypto::Sha256Digest digest_of(std::uint64_t number) {
  crypto::Sha256Digest digest{};
  for (std::size_t i = 0; i < 8; ++i)
    digest.at(i) = static_cast<std::uint8_t>(number >> (8 * i));
  return digest;
}

inline DeviceId device_id(std::uint64_t number) {
  return DeviceId::parse("d-" + std::to_string(number)).value();
}

inline identity::Device device(std::uint64_t number) {
  return {.id = device_id(number),
          .group = GroupId::parse("north").value(),
          .status = identity::DeviceStatus::active,
          .epoch = Epoch{number},
          .endorsement_sha256 = digest_of(number),
          .attestation_key = {0x00, 0x23, 0x00, 0xFF},
          .device_key_sha256 = digest_of(number + 1),
          .enrolled_at = TimePoint(Duration(1'795'438'387'123)),
          .status_since = TimePoint(Duration(1'795'438'387'124)),
          .status_reason = ""};
}

inline release::Release release(const std::string& model, std::uint64_t number) {
  return {.model = ModelName::parse(model).value(),
          .number = number,
          .tier = release::Tier::high,
          .model_root = digest_of(number),
          .file_name = "model.onnx",
          .file_sha256 = digest_of(number + 1),
          .file_size = 2'327'524,
          .bundle = std::string("{\"bundle\":\0 \xFF}", 13),
          .statement = "{\"statement\":1}",
          .contract = number % 2 == 0 ? "{\"contract\":\xFF}" : "",
          .published_at = TimePoint(Duration(-1)),
          .blocked = false};
}

inline ledger::StoredReceipt receipt(std::uint64_t number, std::uint64_t of_device) {
  return {.id = digest_of(number),
          .device = device_id(of_device),
          .model = ModelName::parse("vad").value(),
          .release = 1,
          .epoch = Epoch{3},
          .received_at = TimePoint(Duration(static_cast<std::int64_t>(number))),
          .jws = "e30.e30." + std::to_string(number)};
}

inline ledger::StoredViolation violation(std::uint64_t sequence, std::uint64_t of_device) {
  return {.id = digest_of(sequence),
          .device = device_id(of_device),
          .sequence = sequence,
          .model = ModelName::parse("vad").value(),
          .release = 1,
          .model_root = digest_of(1),
          .kind = ledger::ViolationKind::system_call,
          .epoch = Epoch{3},
          .is_of_old = true,
          .received_at = TimePoint(Duration(static_cast<std::int64_t>(sequence))),
          .jws = "e30.e30." + std::to_string(sequence)};
}

}  // namespace vedette::platform::samples
