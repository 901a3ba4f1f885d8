#include "agent/model_files.h"

#include <utility>

#include "agent/lifecycle.h"

namespace vedette::agent {

namespace {

using crypto::Sha256Digest;
using inference::ModelWriter;
using inference::SealedModel;
using release::FileIdentity;
using release::FileSource;
using release::VerifiedDelta;

constexpr std::size_t kMostBases = 8;  // as a server takes it

WantedFile part_of(const WantedRelease& wanted, const FileIdentity& file) {
  return {.sha256 = file.sha256,
          .size = file.size,
          .target = "/v1/blobs/" + to_hex(file.sha256) + "?model=" + wanted.model.str() +
                    "&release=" + std::to_string(wanted.number)};
}

Result<SealedModel> load(int fd, const FileIdentity& file, std::uint64_t max_bytes) {
  VEDETTE_TRY(ModelWriter memory, ModelWriter::create(max_bytes));
  release::StreamVerifier verifier(file.sha256, file.size);
  VEDETTE_CHECK(read_all(fd, [&](ByteView piece) -> Result<void> {
    VEDETTE_CHECK(verifier.update(piece));
    return memory.append(piece);
  }));
  VEDETTE_CHECK(verifier.finish());
  return std::move(memory).seal();
}

Result<SealedModel> patch(int base, int delta, const FileIdentity& file, std::uint64_t max_bytes) {
  VEDETTE_TRY(const FileSource from, FileSource::of(base));
  VEDETTE_TRY(const FileSource change, FileSource::of(delta));
  VEDETTE_TRY(ModelWriter memory, ModelWriter::create(max_bytes));
  VEDETTE_CHECK(release::apply_delta(from, change, file,
                                     [&](ByteView piece) { return memory.append(piece); }));
  return std::move(memory).seal();
}

// Octets that are still to be asked for.
std::uint64_t rest_of(const PartialDownload& download, const FileIdentity& file) {
  return file.size - download.received(file);
}

std::string octets_text(std::uint64_t octets) {
  constexpr std::uint64_t kKibi = 1024;
  if (octets < kKibi) return std::to_string(octets) + " bytes";
  if (octets < kKibi * kKibi) return std::to_string(octets / kKibi) + " KiB";
  return std::to_string(octets / (kKibi * kKibi)) + " MiB";
}

}  // namespace

std::string text_of(const ObtainedFile& file) {
  switch (file.way) {
    case Way::disk:
      return "from disk";
    case Way::delta:
      return "by a delta of " + octets_text(file.fetched);
    case Way::whole:
      break;
  }
  return {};
}

std::vector<Sha256Digest> ModelFiles::having(const std::optional<PresentFile>& present) const {
  std::vector<Sha256Digest> all;
  if (present) all.push_back(present->file.sha256);
  if (cache_ == nullptr) return all;
  for (const Sha256Digest& one : cache_->files(kMostBases))
    if (all.size() < kMostBases && (!present || one != present->file.sha256)) all.push_back(one);
  return all;
}

Result<ObtainedFile> ModelFiles::obtain(platform::HttpClient& client, const std::string& ear,
                                        const WantedRelease& wanted,
                                        std::span<const crypto::PublicKey> publishers,
                                        const std::optional<PresentFile>& present,
                                        std::uint64_t max_bytes) {
  if (auto kept = from_disk(wanted.file, max_bytes))
    return ObtainedFile{.sealed = *std::move(kept), .way = Way::disk};
  const auto delta = choose(wanted, publishers, present);
  if (delta && rest_of(delta_, (*delta)->delta) < rest_of(whole_, wanted.file)) {
    auto made = by_delta(client, ear, wanted, *delta, present, max_bytes);
    if (made) {
      whole_.drop();
      keep(wanted.file, *made);
      return ObtainedFile{
          .sealed = *std::move(made), .way = Way::delta, .fetched = (*delta)->delta.size};
    }
    if (is_break(made.error())) return std::unexpected(made.error());
    useless_ = (*delta)->delta.sha256;
    trouble_ = made.error();
  }
  VEDETTE_TRY(auto sealed, whole_.complete(client, ear, part_of(wanted, wanted.file), max_bytes));
  return ObtainedFile{.sealed = std::move(sealed), .way = Way::whole, .fetched = wanted.file.size};
}

std::optional<SealedModel> ModelFiles::from_disk(const FileIdentity& file,
                                                 std::uint64_t max_bytes) {
  if (cache_ == nullptr) return std::nullopt;
  const auto fd = cache_->find(file);
  if (!fd) return std::nullopt;
  auto loaded = load(fd->get(), file, max_bytes);
  if (loaded) return *std::move(loaded);
  cache_->drop(file.sha256);
  trouble_ = loaded.error();
  return std::nullopt;
}

std::optional<VerifiedDelta> ModelFiles::choose(const WantedRelease& wanted,
                                                std::span<const crypto::PublicKey> publishers,
                                                const std::optional<PresentFile>& present) {
  std::vector<VerifiedDelta> usable;
  for (std::size_t i = 0; i < std::min(wanted.deltas.size(), release::kMostDeltas); ++i) {
    auto delta = release::verify_release_delta(wanted.deltas[i], publishers, wanted.file);
    if (!delta)
      trouble_ = delta.error();
    else if ((*delta)->delta.sha256 != useless_)
      usable.push_back(*std::move(delta));
  }
  const VerifiedDelta* best = release::smallest_from(usable, having(present));
  return best == nullptr ? std::nullopt : std::optional(*best);
}

Result<SealedModel> ModelFiles::by_delta(platform::HttpClient& client, const std::string& ear,
                                         const WantedRelease& wanted, const VerifiedDelta& delta,
                                         const std::optional<PresentFile>& present,
                                         std::uint64_t max_bytes) {
  std::optional<UniqueFd> kept;
  const bool is_present = present && present->file == delta->base;
  if (!is_present && cache_ != nullptr) kept = cache_->find(delta->base);
  if (!is_present && !kept)
    return refuse("DELTA-BASE", "the file that the delta starts from is not here any more");
  VEDETTE_TRY(const SealedModel change,
              delta_.complete(client, ear, part_of(wanted, delta->delta), max_bytes));
  return patch(is_present ? present->memory->fd() : kept->get(), change.fd(), wanted.file,
               max_bytes);
}

// Whoever reads it there holds it to its digest anyway.
void ModelFiles::keep(const FileIdentity& file, const SealedModel& sealed) {
  if (cache_ == nullptr) return;
  cache_->drop(file.sha256);
  const auto write = [&]() -> Result<void> {
    VEDETTE_TRY(ModelCache::Part part, cache_->begin(file));
    VEDETTE_CHECK(read_all(sealed.fd(), [&](ByteView piece) { return part.append(piece); }));
    return cache_->keep(std::move(part));
  };
  if (const auto written = write(); !written) trouble_ = written.error();
}

void ModelFiles::drop() {
  whole_.drop();
  delta_.drop();
}

std::optional<Error> ModelFiles::trouble() {
  for (auto trouble : {whole_.trouble(), delta_.trouble()})
    if (trouble) trouble_ = std::move(trouble);
  return std::exchange(trouble_, std::nullopt);
}

}  // namespace vedette::agent
