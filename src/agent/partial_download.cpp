#include "agent/partial_download.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "platform/net/byte_range.h"
#include "platform/net/json_api.h"

namespace vedette::agent {

bool is_break(const Error& error) {
  constexpr std::array<std::string_view, 4> kBreaks{"NET-CLOSED", "NET-TIMEOUT", "NET-UNREACHABLE",
                                                    "NET-TLS"};
  return std::ranges::find(kBreaks, error.code) != kBreaks.end();
}

Result<void> PartialDownload::Begun::take(ByteView piece) {
  VEDETTE_CHECK(verifier.update(piece));
  return memory.append(piece);
}

Result<inference::SealedModel> PartialDownload::complete(platform::HttpClient& client,
                                                         const std::string& ear,
                                                         const WantedFile& wanted,
                                                         std::uint64_t max_bytes) {
  VEDETTE_CHECK(begin(wanted, max_bytes));
  const Result<void> all = receive(client, ear, wanted);
  if (!all && is_break(all.error())) return std::unexpected(all.error());
  Begun ended = *std::exchange(begun_, std::nullopt);
  const Result<void> held = all ? ended.verifier.finish() : all;
  if (!held && ended.part) cache_->drop(wanted.sha256);
  VEDETTE_CHECK(held);
  if (ended.part) keep_whole(*std::move(ended.part));
  return std::move(ended.memory).seal();
}

Result<void> PartialDownload::begin(const WantedFile& wanted, std::uint64_t max_bytes) {
  if (begun_ && begun_->sha256 == wanted.sha256) return {};
  drop();
  VEDETTE_TRY(auto memory, inference::ModelWriter::create(max_bytes));
  begun_.emplace(
      Begun{wanted.sha256, {wanted.sha256, wanted.size}, std::move(memory), std::nullopt});
  const Result<void> recalled = recall(wanted);
  if (!recalled) drop();
  return recalled;
}

// What a former process received: it passes the verifier as if it came now.
Result<void> PartialDownload::recall(const WantedFile& wanted) {
  if (cache_ == nullptr) return {};
  auto part = cache_->begin({wanted.sha256, wanted.size});
  if (!part) {
    trouble_ = part.error();
    return {};
  }
  const auto take = [this](ByteView piece) { return begun_->take(piece); };
  VEDETTE_CHECK(read_all(part->fd(), take));
  begun_->part.emplace(*std::move(part));
  return {};
}

// A break may have come after the last octet.
Result<void> PartialDownload::receive(platform::HttpClient& client, const std::string& ear,
                                      const WantedFile& wanted) {
  if (received() == wanted.size) return {};
  auto request = platform::get_request(wanted.target, ear);
  if (received() > 0) platform::ask_from(request, received(), to_hex(wanted.sha256));
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
  begun_->part.reset();
  cache_->drop(begun_->sha256);
}

void PartialDownload::keep_whole(ModelCache::Part part) {
  if (const auto kept = cache_->keep(std::move(part)); !kept) trouble_ = kept.error();
}

std::uint64_t PartialDownload::received() const {
  return begun_ ? begun_->verifier.received() : 0;
}

}  // namespace vedette::agent
