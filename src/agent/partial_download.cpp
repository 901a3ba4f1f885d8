#include "agent/partial_download.h"

#include <utility>

#include "agent/lifecycle.h"
#include "platform/net/byte_range.h"
#include "platform/net/json_api.h"

namespace vedette::agent {

using release::FileIdentity;

Result<void> PartialDownload::Begun::take(ByteView piece) {
  VEDETTE_CHECK(verifier.update(piece));
  auto taken = memory.append(piece);
  spoiled = !taken;
  return taken;
}

Result<inference::SealedModel> PartialDownload::complete(platform::HttpClient& client,
                                                         const std::string& ear,
                                                         const WantedFile& wanted,
                                                         std::uint64_t max_bytes) {
  VEDETTE_CHECK(begin(wanted, max_bytes));
  const Result<void> all = receive(client, ear, wanted);
  if (!all && is_break(all.error())) {
    if (begun_->spoiled) drop();
    return std::unexpected(all.error());
  }
  Begun ended = *std::exchange(begun_, std::nullopt);
  const Result<void> held = all ? ended.verifier.finish() : all;
  if (!held && ended.part) cache_->discard(*std::move(ended.part));
  VEDETTE_CHECK(held);
  if (ended.part) keep_whole(*std::move(ended.part));
  return std::move(ended.memory).seal();
}

Result<void> PartialDownload::begin(const WantedFile& wanted, std::uint64_t max_bytes) {
  if (begun_ && begun_->file.sha256 == wanted.sha256) return {};
  VEDETTE_CHECK(begin_in_memory(wanted, max_bytes));
  const Result<void> recalled = recall(wanted, max_bytes);
  if (!recalled) drop();
  return recalled;
}

Result<void> PartialDownload::begin_in_memory(const WantedFile& wanted, std::uint64_t max_bytes) {
  drop();
  VEDETTE_TRY(auto memory, inference::ModelWriter::create(max_bytes));
  begun_.emplace(Begun{.file = {wanted.sha256, wanted.size},
                       .verifier = {wanted.sha256, wanted.size},
                       .memory = std::move(memory),
                       .part = std::nullopt});
  return {};
}

// What a former process received: it passes the verifier as if it came now. A part that the disk
// does not give back is removed, and all of the file is asked for.
Result<void> PartialDownload::recall(const WantedFile& wanted, std::uint64_t max_bytes) {
  if (cache_ == nullptr) return {};
  auto part = cache_->begin(begun_->file);
  if (part && part->size() > 0) {
    const auto read = read_all(part->fd(), [this](ByteView piece) { return begun_->take(piece); });
    if (!read && read.error().code != "FILE-READ") return read;
    if (!read) {
      trouble_ = read.error();
      cache_->discard(*std::move(part));
      VEDETTE_CHECK(begin_in_memory(wanted, max_bytes));
      part = cache_->begin(begun_->file);
      if (part && part->size() > 0) return {};  // it could not even be removed
    }
  }
  if (part)
    begun_->part.emplace(*std::move(part));
  else
    trouble_ = part.error();
  return {};
}

// A break may have come after the last octet.
Result<void> PartialDownload::receive(platform::HttpClient& client, const std::string& ear,
                                      const WantedFile& wanted) {
  const std::uint64_t received = begun_->verifier.received();
  if (received == wanted.size) return {};
  auto request = platform::get_request(wanted.target, ear);
  if (received > 0) platform::ask_from(request, received, to_hex(wanted.sha256));
  const auto sink = [this](ByteView piece) -> Result<void> {
    VEDETTE_CHECK(begun_->take(piece));
    keep(piece);
    return {};
  };
  VEDETTE_TRY(auto response, client.download(request, sink));
  VEDETTE_CHECK(platform::expect_success(std::move(response)));
  return {};
}

void PartialDownload::keep(ByteView piece) {
  if (!begun_->part) return;
  const auto kept = begun_->part->append(piece);
  if (kept) return;
  trouble_ = kept.error();
  cache_->discard(*std::exchange(begun_->part, std::nullopt));
}

void PartialDownload::keep_whole(ModelCache::Part part) {
  if (const auto kept = cache_->keep(std::move(part)); !kept) trouble_ = kept.error();
}

std::uint64_t PartialDownload::received(const FileIdentity& file) const {
  if (begun_ && begun_->file == file) return begun_->verifier.received();
  return cache_ == nullptr ? 0 : cache_->begun(file);
}

}  // namespace vedette::agent
