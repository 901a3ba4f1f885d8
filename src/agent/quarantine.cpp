#include "agent/quarantine.h"

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

constexpr std::size_t kMost = 128;
constexpr std::size_t kMaxBytes = std::size_t{1} << 20U;
constexpr std::size_t kMaxCause = 400;
constexpr unsigned kPrivateFile = 0600;
constexpr std::string_view kRecord = "/quarantine.json";
constexpr std::string_view kNotePrefix = "/quarantine-lift-";

std::string record_in(const std::string& folder) {
  return folder + std::string(kRecord);
}

std::string note_in(const std::string& folder, const crypto::Sha256Digest& model_root) {
  return folder + std::string(kNotePrefix) + to_hex(model_root);
}

std::unexpected<Error> damaged(const std::string& folder, const std::string& cause) {
  return refuse("AGT-QUARANTINE", "the record of quarantined models is damaged", cause,
                "restore " + record_in(folder) +
                    ", or move it away knowing that what it kept out may run again");
}

Result<crypto::Sha256Digest> root_of(const std::string& text) {
  VEDETTE_TRY(const Bytes bytes, codec::from_hex(text));
  crypto::Sha256Digest root{};
  if (bytes.size() != root.size() || to_hex(bytes) != text)
    return refuse("HEX-SYNTAX", "not a model's root", text.substr(0, 80),
                  "a root is 64 lower-case hexadecimal digits");
  std::ranges::copy(bytes, root.begin());
  return root;
}

Result<QuarantinedModel> parse_model(const Json& json) {
  VEDETTE_CHECK(json.only({"model_root", "model", "release", "cause", "since"}));
  VEDETTE_TRY(const std::string name, json.string("model"));
  VEDETTE_TRY(ModelName model, ModelName::parse(name));
  QuarantinedModel parsed{.model = std::move(model)};
  VEDETTE_TRY(const std::string root, json.string("model_root"));
  VEDETTE_TRY(parsed.model_root, root_of(root));
  VEDETTE_TRY(const std::int64_t release, json.integer("release"));
  if (release < 1) return refuse("JSON-MEMBER", "not a release", std::to_string(release));
  parsed.release = static_cast<std::uint64_t>(release);
  VEDETTE_TRY(parsed.cause, json.string("cause"));
  VEDETTE_TRY(const std::string since, json.string("since"));
  VEDETTE_TRY(parsed.since, from_rfc3339(since));
  return parsed;
}

std::unexpected<Error> quarantined(const QuarantinedModel& model) {
  return refuse("SBX-QUARANTINED", "this model broke out of its rules and is kept from running",
                model.model.str() + " release " + std::to_string(model.release) + ": " +
                    model.cause + ", " + to_rfc3339(model.since),
                "publish a new release, or, if you know better, on the device: 'vedette-agent "
                "quarantine lift " +
                    to_hex(model.model_root) + "'");
}

}  // namespace

Json to_json(const QuarantinedModel& model) {
  return Json::Object{{"model_root", to_hex(model.model_root)},
                      {"model", model.model.str()},
                      {"release", model.release},
                      {"cause", model.cause},
                      {"since", to_rfc3339(model.since)}};
}

Result<std::vector<QuarantinedModel>> read_quarantine(const std::string& folder) {
  const auto document = read_state_file(record_in(folder), kMaxBytes);
  if (!document) return damaged(folder, describe(document.error()));
  std::vector<QuarantinedModel> models;
  if (!*document) return models;
  const auto list = (*document)->array("models");
  if (!list || (*list)->if_array()->size() > kMost) return damaged(folder, "its outline");
  for (const Json& one : *(*list)->if_array()) {
    auto model = parse_model(one);
    if (!model) return damaged(folder, describe(model.error()));
    models.push_back(*std::move(model));
  }
  return models;
}

Result<QuarantinedModel> leave_lift_note(const std::string& folder, const std::string& model_root) {
  VEDETTE_TRY(const crypto::Sha256Digest root, root_of(model_root));
  VEDETTE_TRY(const auto models, read_quarantine(folder));
  const auto found = std::ranges::find(models, root, &QuarantinedModel::model_root);
  if (found == models.end())
    return refuse("AGT-NOT-QUARANTINED", "this model is not in quarantine", model_root,
                  "'vedette-agent quarantine list' shows those that are");
  VEDETTE_CHECK(write_file_atomically(note_in(folder, root), {}, kPrivateFile));
  return *found;
}

Result<std::unique_ptr<Quarantine>> Quarantine::load(const std::string& folder) {
  remove_leftovers(record_in(folder));
  std::unique_ptr<Quarantine> quarantine(new Quarantine(folder));
  VEDETTE_TRY(quarantine->models_, read_quarantine(folder));
  return quarantine;
}

bool Quarantine::is_full() const {
  return models_.size() >= kMost;
}

const QuarantinedModel* Quarantine::find(const crypto::Sha256Digest& model_root) const {
  const auto found = std::ranges::find(models_, model_root, &QuarantinedModel::model_root);
  return found == models_.end() ? nullptr : &*found;
}

Result<void> Quarantine::save(const std::vector<QuarantinedModel>& models) const {
  Json::Array list;
  for (const QuarantinedModel& model : models)
    list.push_back(to_json(model));
  return write_state_file(record_in(folder_), Json::Object{{"models", std::move(list)}}, kMaxBytes);
}

Result<void> Quarantine::add(QuarantinedModel model) {
  model.cause.resize(std::min(model.cause.size(), kMaxCause));
  model.since = from_unix_seconds(to_unix_seconds(model.since));
  const std::scoped_lock lock(mutex_);
  const std::string note = note_in(folder_, model.model_root);
  if (find(model.model_root) == nullptr) {
    if (is_full())
      return refuse("AGT-QUARANTINE-FULL", "too many models are in quarantine",
                    std::to_string(models_.size()) + " models",
                    "lift some: until then this device starts no model");
    models_.push_back(std::move(model));
  }
  std::error_code failed;
  fs::remove(note, failed);  // it was written of an older violation
  closed_ = closed_ || failed;
  VEDETTE_CHECK(save(models_));
  if (failed) return refuse("FILE-REMOVE", "a file could not be removed", failed.message());
  return {};
}

bool Quarantine::contains(const crypto::Sha256Digest& model_root) const {
  const std::scoped_lock lock(mutex_);
  return closed_ || is_full() || find(model_root) != nullptr;
}

Result<void> Quarantine::check(const crypto::Sha256Digest& model_root) {
  const std::scoped_lock lock(mutex_);
  std::error_code failed;
  const bool has_note = fs::is_regular_file(note_in(folder_, model_root), failed);
  if (has_note && !closed_) VEDETTE_CHECK(lift_locked(model_root));
  if (const QuarantinedModel* model = find(model_root)) return quarantined(*model);
  if (closed_ || is_full())
    return refuse("SBX-QUARANTINED", "the quarantine cannot be kept: no model may start",
                  std::to_string(models_.size()) + " models are in it",
                  "see 'vedette-agent quarantine list', lift some, and restart the agent");
  return {};
}

Result<bool> Quarantine::lift(const crypto::Sha256Digest& model_root) {
  const std::scoped_lock lock(mutex_);
  return lift_locked(model_root);
}

// The record first: a crash in between leaves a note, which the next violation voids.
Result<bool> Quarantine::lift_locked(const crypto::Sha256Digest& model_root) {
  std::vector<QuarantinedModel> rest = models_;
  std::erase_if(rest, [&](const auto& model) { return model.model_root == model_root; });
  const bool found = rest.size() != models_.size();
  if (!found) return false;
  VEDETTE_CHECK(save(rest));
  models_ = std::move(rest);
  std::error_code failed;
  fs::remove(note_in(folder_, model_root), failed);
  return true;
}

std::vector<QuarantinedModel> Quarantine::all() const {
  const std::scoped_lock lock(mutex_);
  return models_;
}

}  // namespace vedette::agent
