#include "server/signing_keys.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>

#include "base/new_file.h"

namespace vedette::server {

namespace {

namespace fs = std::filesystem;
using identity::KeyStage;

constexpr std::string_view kEnding = ".key";

std::string folder_in(const std::string& state_folder) {
  return state_folder + "/signing";
}

std::unexpected<Error> refuse_folder(const std::string& path, const std::error_code& failed) {
  return refuse("FILE-OPEN", "the folder of the signing keys cannot be used",
                path + ": " + failed.message());
}

std::string path_in(const std::string& state_folder, TimePoint begins) {
  return folder_in(state_folder) + "/" + std::to_string(to_unix_seconds(begins)) +
         std::string(kEnding);
}

Result<void> make_folder(const std::string& state_folder) {
  const std::string folder = folder_in(state_folder);
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (!failed) fs::permissions(folder, fs::perms::owner_all, fs::perm_options::replace, failed);
  if (failed) return refuse_folder(folder, failed);
  return {};
}

// The time in `<seconds>.key`; nothing for other names, as a killed writer leaves them.
std::optional<TimePoint> beginning_named(const std::string& name) {
  std::int64_t seconds = 0;
  const char* const end = name.data() + name.size();
  const auto [rest, error] = std::from_chars(name.data(), end, seconds);
  if (error != std::errc{} || std::string_view(rest, end) != kEnding || seconds < 0 ||
      std::to_string(seconds) + std::string(kEnding) != name)
    return std::nullopt;
  return from_unix_seconds(seconds);
}

// Before keys followed one another there was one.
Result<void> adopt_key_of_before(const std::string& state_folder) {
  VEDETTE_CHECK(make_folder(state_folder));
  const std::string old = state_folder + "/verifier.key";
  if (!fs::exists(old)) return {};
  std::error_code failed;
  fs::rename(old, path_in(state_folder, TimePoint{}), failed);
  if (failed) return refuse_folder(old, failed);
  return {};
}

SigningKeys::Signer signer_of(crypto::PrivateKey key) {
  std::string id = to_hex(key.public_key().spki_sha256());
  return {std::move(key), std::move(id)};
}

}  // namespace

Result<std::vector<std::string>> signing_key_files(const std::string& state_folder) {
  std::vector<std::string> paths;
  const std::string folder = folder_in(state_folder);
  if (!fs::exists(folder)) return paths;
  std::error_code failed;
  for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end;
       entry.increment(failed))
    if (beginning_named(entry->path().filename().string())) paths.push_back(entry->path().string());
  if (failed) return refuse_folder(folder, failed);
  return paths;
}

Result<void> make_first_signing_key(const std::string& state_folder, const KeyCustody& custody,
                                    TimePoint now) {
  VEDETTE_CHECK(make_folder(state_folder));
  return custody.write(path_in(state_folder, now), crypto::PrivateKey::generate_p256());
}

Result<std::unique_ptr<SigningKeys>> SigningKeys::open(const std::string& state_folder,
                                                       KeyCustody custody,
                                                       const identity::KeyTerms& terms,
                                                       TimePoint now) {
  VEDETTE_CHECK(adopt_key_of_before(state_folder));
  std::unique_ptr<SigningKeys> keys(new SigningKeys(state_folder, std::move(custody), terms));
  VEDETTE_CHECK(keys->load());
  VEDETTE_CHECK(keys->tend(now));
  return keys;
}

Result<void> SigningKeys::load() {
  remove_all_leftovers(folder_in(folder_));
  VEDETTE_TRY(const auto paths, signing_key_files(folder_));
  for (const std::string& path : paths) {
    VEDETTE_TRY(crypto::PrivateKey key, custody_.read(path));
    keys_.push_back(
        {*beginning_named(fs::path(path).filename().string()), signer_of(std::move(key))});
  }
  std::ranges::sort(keys_, {}, &Key::begins);
  return {};
}

std::vector<TimePoint> SigningKeys::begins() const {
  std::vector<TimePoint> times;
  for (const Key& key : keys_)
    times.push_back(key.begins);
  return times;
}

KeyStage SigningKeys::stage(std::size_t index, TimePoint now) const {
  return identity::stage_of(begins(), index, terms_, now);
}

SigningKeys::Signer SigningKeys::signer(TimePoint now) const {
  const std::scoped_lock lock(mutex_);
  for (std::size_t i = 0; i < keys_.size(); ++i)
    if (stage(i, now) == KeyStage::current) return keys_[i].signer;
  // A clock that went back before all of them: the oldest, until tend() has made one.
  return keys_.front().signer;
}

std::optional<crypto::PublicKey> SigningKeys::find(const std::string& id, TimePoint now) const {
  const std::scoped_lock lock(mutex_);
  for (std::size_t i = 0; i < keys_.size(); ++i)
    if (keys_[i].signer.id == id && stage(i, now) != KeyStage::stale)
      return keys_[i].signer.key.public_key();
  return std::nullopt;
}

std::vector<crypto::Jwk> SigningKeys::published(TimePoint now) const {
  const std::scoped_lock lock(mutex_);
  std::vector<crypto::Jwk> set;
  for (std::size_t i = 0; i < keys_.size(); ++i)
    if (stage(i, now) != KeyStage::stale)
      set.push_back({keys_[i].signer.id, keys_[i].signer.key.public_key(),
                     identity::end_of(begins(), i, terms_, now)});
  return set;
}

Result<void> SigningKeys::tend(TimePoint now) {
  const std::scoped_lock tending(tending_);
  std::optional<TimePoint> wanted;
  {
    const std::scoped_lock lock(mutex_);
    wanted = identity::key_to_make(begins(), terms_, now);
  }
  if (wanted) {
    // As the name of its file has it.
    const TimePoint begins = std::chrono::floor<std::chrono::seconds>(*wanted);
    Signer made = signer_of(crypto::PrivateKey::generate_p256());
    VEDETTE_CHECK(custody_.write(path_in(folder_, begins), made.key));
    const std::scoped_lock lock(mutex_);
    keys_.push_back({begins, std::move(made)});
    std::ranges::sort(keys_, {}, &Key::begins);
  }
  const std::scoped_lock lock(mutex_);
  std::vector<Key> kept;
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    std::error_code failed;
    if (stage(i, now) != KeyStage::stale)
      kept.push_back(keys_[i]);
    else if (!fs::remove(path_in(folder_, keys_[i].begins), failed) && failed)
      kept.push_back(keys_[i]);  // next time; find() does not find it meanwhile
  }
  keys_ = std::move(kept);
  return {};
}

}  // namespace vedette::server
