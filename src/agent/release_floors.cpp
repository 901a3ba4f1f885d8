#include "agent/release_floors.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "agent/state_file.h"
#include "base/fd.h"
#include "base/new_file.h"
#include "codec/base64.h"

namespace vedette::agent {

namespace {

namespace fs = std::filesystem;
using codec::Json;

constexpr std::size_t kMaxBytes = std::size_t{1} << 20U;
constexpr std::size_t kSecretOctets = 32;
constexpr unsigned kPrivateFile = 0600;

std::string record_in(const std::string& folder) {
  return folder + "/floors.json";
}

std::string secret_in(const std::string& folder) {
  return folder + "/floors.secret";
}

// Of a time when the TPM did not remember.
std::string old_record_in(const std::string& folder) {
  return folder + "/release-floors.json";
}

std::unexpected<Error> not_ours(std::string cause) {
  return refuse("AGT-FLOORS", "the record of accepted releases is not the one that the TPM holds",
                std::move(cause),
                "restore the state folder as it was last; or forget the floors by 'vedette-agent "
                "floors forget', knowing that any older release may run then");
}

crypto::Sha256Digest moved(const crypto::Sha256Digest& ratchet,
                           const crypto::Sha256Digest& digest) {
  Bytes both = to_bytes(ratchet);
  append(both, digest);
  return crypto::sha256(both);
}

Result<std::uint64_t> release_in(const Json& json, const char* name) {
  VEDETTE_TRY(const std::int64_t number, json.integer(name));
  if (number < 1) return refuse("JSON-MEMBER", "not a release", name);
  return static_cast<std::uint64_t>(number);
}

// Made before the ratchet that it is for.
Result<Bytes> secret(const std::string& folder) {
  const std::string path = secret_in(folder);
  if (!fs::exists(path)) {
    Bytes made = crypto::random_bytes(kSecretOctets);
    VEDETTE_CHECK(write_file_atomically(path, made, kPrivateFile));
    return made;
  }
  VEDETTE_TRY(Bytes kept, read_file(path, kSecretOctets));
  if (kept.size() == kSecretOctets) return kept;
  return not_ours(path + " is damaged");
}

}  // namespace

crypto::Sha256Digest ReleaseFloors::Record::mark() const {
  const std::string text = codec::to_json(to_json(floors));
  return moved(before, crypto::sha256(as_bytes(text)));
}

Json ReleaseFloors::to_json(const Floors& floors) {
  Json json = Json::Object{};
  for (const auto& [model, floor] : floors) {
    Json one = Json::Object{{"last_good", floor.last_good}, {"never_below", floor.never_below}};
    if (floor.by_two) one.set("by_two", true);
    json.set(model, std::move(one));
  }
  return json;
}

Json ReleaseFloors::to_json(const Record& record) {
  return Json::Object{{"before", to_hex(record.before)}, {"floors", to_json(record.floors)}};
}

Result<ReleaseFloors::Floors> ReleaseFloors::read_floors(const Json& json) {
  Floors floors;
  if (!json.is_object()) return refuse("JSON-MEMBER", "no floors");
  for (const auto& [name, value] : *json.if_object()) {
    VEDETTE_CHECK(value.only({"last_good", "never_below", "by_two"}));
    ReleaseFloor floor;
    VEDETTE_TRY(floor.last_good, release_in(value, "last_good"));
    VEDETTE_TRY(floor.never_below, release_in(value, "never_below"));
    if (value.find("by_two") != nullptr) {
      VEDETTE_TRY(floor.by_two, value.boolean("by_two"));
    }
    floors.emplace(name, floor);
  }
  return floors;
}

Result<ReleaseFloors::Record> ReleaseFloors::read_record(const Json& json) {
  VEDETTE_CHECK(json.only({"before", "floors"}));
  Record record;
  VEDETTE_TRY(const std::string hex, json.string("before"));
  VEDETTE_TRY(const Bytes before, codec::from_hex(hex));
  if (before.size() != record.before.size()) return refuse("HEX-SYNTAX", "not a digest");
  std::ranges::copy(before, record.before.begin());
  VEDETTE_TRY(const Json* floors, json.object("floors"));
  VEDETTE_TRY(record.floors, read_floors(*floors));
  return record;
}

Result<ReleaseFloors::Floors> ReleaseFloors::read_old(const std::string& path) {
  Floors floors;
  if (!fs::exists(path)) return floors;
  VEDETTE_TRY(const Bytes text, read_file(path, kMaxBytes));
  const auto parsed = codec::parse_json(as_text(text));
  if (!parsed || !parsed->is_object()) return not_ours(path + " is damaged");
  for (const auto& [name, value] : *parsed->if_object()) {
    const std::int64_t* number = value.if_integer();
    if (number == nullptr || *number < 1)
      return not_ours(std::string(path).append(": the entry of ").append(name));
    const auto release = static_cast<std::uint64_t>(*number);
    floors.emplace(name,
                   ReleaseFloor{.last_good = release, .never_below = release, .by_two = false});
  }
  return floors;
}

Result<ReleaseFloors> ReleaseFloors::load(const std::string& folder, platform::Tpm& tpm) {
  remove_leftovers(record_in(folder));
  ReleaseFloors floors(folder, tpm);
  VEDETTE_TRY(const auto ratchet, tpm.read_ratchet());
  floors.ratchet_ = ratchet.value_or(crypto::Sha256Digest{});
  const auto document = read_state_file(record_in(folder), kMaxBytes);
  if (!document) return not_ours(describe(document.error()));
  const bool never_moved = floors.ratchet_ == crypto::Sha256Digest{};
  if (*document && !never_moved)
    VEDETTE_CHECK(floors.adopt(**document, floors.ratchet_));
  else if (never_moved && (!*document || ratchet))
    VEDETTE_CHECK(floors.begin(ratchet.has_value(), *document));
  else
    return not_ours(*document ? "the TPM holds nothing: was it cleared, or is it another one?"
                              : "there is none in " + folder);
  return floors;
}

// What a beginning took over before it was cut off: its record alone follows no other. Any other
// was in force: the TPM moved for it, and says now that it never did.
Result<ReleaseFloors::Floors> ReleaseFloors::cut_off(const Json& document) {
  VEDETTE_TRY(const Json* next, document.object("next"));
  VEDETTE_TRY(Record first, read_record(*next));
  if (first.before == crypto::Sha256Digest{}) return std::move(first.floors);
  return refuse("AGT-FLOORS", "the record was in force, and the TPM never moved");
}

// The ratchet's first move: from then on its absence shows, and so does the record's.
Result<void> ReleaseFloors::begin(bool is_made, const std::optional<Json>& document) {
  auto floors = document ? cut_off(*document) : read_old(old_record_in(folder_));
  if (!floors)
    return document ? not_ours(describe(floors.error())) : std::unexpected(floors.error());
  VEDETTE_TRY(const Bytes authorization, secret(folder_));
  if (!is_made) VEDETTE_CHECK(tpm_->make_ratchet(authorization));
  VEDETTE_CHECK(commit(*std::move(floors)));
  std::error_code failed;
  fs::remove(old_record_in(folder_), failed);  // never read again
  return {};
}

// The record that was there before the last move, or the one that it was for: a crash lay between.
Result<void> ReleaseFloors::adopt(const Json& document, const crypto::Sha256Digest& stands) {
  for (const char* name : {"present", "next"}) {
    const Json* json = document.find(name);
    if (json == nullptr) continue;
    auto record = read_record(*json);
    if (!record) return not_ours(describe(record.error()));
    if (record->mark() != stands) continue;
    present_ = *std::move(record);
    ratchet_ = stands;
    return {};
  }
  return not_ours("the state folder is an older copy, or was changed");
}

Result<void> ReleaseFloors::save(const std::optional<Record>& next) const {
  Json document;
  document.set("present", to_json(present_));
  if (next) document.set("next", to_json(*next));
  return write_state_file(record_in(folder_), document, kMaxBytes);
}

// The TPM may have moved with nobody there to hear of it: then the record on disk is the only one
// that it stands at, and must not be written over from memory.
Result<void> ReleaseFloors::catch_up() {
  VEDETTE_TRY(const auto stands, tpm_->read_ratchet());
  if (stands == ratchet_) return {};
  if (!stands) return not_ours("the TPM's ratchet is gone");
  const auto document = read_state_file(record_in(folder_), kMaxBytes);
  if (!document) return not_ours(describe(document.error()));
  if (!*document) return not_ours("there is none in " + folder_);
  return adopt(**document, *stands);
}

// Both records are on disk before the ratchet moves from the one to the other.
Result<void> ReleaseFloors::commit(Floors floors) {
  VEDETTE_TRY(const Bytes authorization, secret(folder_));
  const Record next{.before = ratchet_, .floors = std::move(floors)};
  VEDETTE_CHECK(save(next));
  const std::string text = codec::to_json(to_json(next.floors));
  const auto extended = tpm_->extend_ratchet(authorization, crypto::sha256(as_bytes(text)));
  VEDETTE_TRY(const auto stands, tpm_->read_ratchet());  // whatever became of the answer
  if (stands != next.mark()) {
    if (!extended) return extended;
    return not_ours("somebody else moved the TPM's ratchet");
  }
  ratchet_ = *stands;
  present_ = next;
  (void)save(std::nullopt);  // tidies up: `next` is on disk, and the TPM stands at it
  return {};
}

ReleaseFloor ReleaseFloors::floor(const ModelName& model) const {
  const auto found = present_.floors.find(model.str());
  return found == present_.floors.end() ? ReleaseFloor{} : found->second;
}

Result<void> ReleaseFloors::accept(const ModelName& model, std::uint64_t release,
                                   std::uint64_t never_below, bool by_two) {
  VEDETTE_CHECK(catch_up());
  const ReleaseFloor before = floor(model);
  if (release < before.last_good)
    return refuse("REL-ROLLBACK", "the release is older than the one that was accepted last",
                  model.str() + " release " + std::to_string(release) + " after " +
                      std::to_string(before.last_good));
  const ReleaseFloor after{
      .last_good = release,
      .never_below = std::max(before.never_below, std::min(never_below, release)),
      .by_two = before.by_two || by_two};
  if (after == before) return {};
  Floors floors = present_.floors;
  floors[model.str()] = after;
  return commit(std::move(floors));
}

Result<void> ReleaseFloors::step_back(const ModelName& model, std::uint64_t blocked) {
  VEDETTE_CHECK(catch_up());
  const ReleaseFloor before = floor(model);
  if (before.last_good != blocked || before.never_below == before.last_good) return {};
  Floors floors = present_.floors;
  floors[model.str()].last_good = before.never_below;
  return commit(std::move(floors));
}

// The ratchet first: a crash in between leaves a record that is refused.
Result<void> insecure_forget_floors(const std::string& folder, platform::Tpm& tpm) {
  VEDETTE_CHECK(tpm.insecure_remove_ratchet());
  for (const std::string& path : {record_in(folder), old_record_in(folder), secret_in(folder)}) {
    std::error_code failed;
    fs::remove(path, failed);
    if (failed) return refuse("FILE-REMOVE", "a file could not be removed", failed.message());
  }
  return {};
}

}  // namespace vedette::agent
