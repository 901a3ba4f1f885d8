#include "herd.h"

#include <algorithm>
#include <random>
#include <thread>
#include <utility>

#include "codec/base64.h"

namespace vedette::bench {

namespace {

double luck() {
  thread_local std::mt19937 random{std::random_device{}()};
  return std::uniform_real_distribution<double>(0.0, 1.0)(random);
}

std::string renewal_of(const FleetDevice& device) {
  const std::string body = codec::to_base64(device.request);
  return "POST /.well-known/est/simplereenroll HTTP/1.1\r\nhost: a\r\ncontent-type: "
         "application/pkcs10\r\ncontent-length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

// Of the device's new certificate in an answer; empty when there is none for it that is newer.
std::string renewed_serial(const BareAnswer& answer, const FleetDevice& device,
                           TimePoint not_after) {
  const auto der = codec::from_base64(answer.body);
  if (!der) return {};
  const auto certificates = crypto::parse_certs_only(*der);
  if (!certificates) return {};
  for (const auto& certificate : *certificates)
    if (certificate.subject() == "CN=" + device.id.str() && certificate.not_after() > not_after)
      return certificate.serial_hex();
  return {};
}

}  // namespace

Herd::Herd(const Fleet& fleet, std::vector<FleetDevice> devices, TimePoint issued_at)
    : fleet_(fleet),
      devices_(std::move(devices)),
      life_{issued_at - identity::kBackdating, issued_at + Fleet::kLife},
      context_(bare_context(fleet.keys().authority.root())),
      plans_(devices_.size()),
      serials_(devices_.size()),
      left_(devices_.size()) {}

Herd::~Herd() {
  for (auto& thread : threads_)
    thread.join();
}

void Herd::start(std::size_t clients) {
  begin_ = clock_.now();
  for (std::size_t i = 0; i < devices_.size(); ++i) {
    plans_[i].begin(life_, begin_, luck());
    due_.emplace(begin_, i);
  }
  for (std::size_t i = 0; i < clients; ++i)
    threads_.emplace_back([this] { act(); });
}

std::size_t Herd::second() const {
  const auto passed = std::chrono::duration_cast<std::chrono::seconds>(clock_.now() - begin_);
  return std::min(static_cast<std::size_t>(std::max<std::int64_t>(passed.count(), 0)),
                  kMostSeconds - 1);
}

void Herd::act() {
  while (const auto device = next())
    settle(*device, attempt(devices_[*device]));
}

// The device whose turn it is; nothing when all have come to an end.
std::optional<std::size_t> Herd::next() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (left_ == 0) return std::nullopt;
    const TimePoint now = clock_.now();
    if (!due_.empty() && due_.top().first <= now) {
      const std::size_t device = due_.top().second;
      due_.pop();
      if (now < life_.not_after) return device;
      ++expired_;
      --left_;
      changed_.notify_all();
      continue;
    }
    const auto wait = due_.empty() ? Duration(100) : due_.top().first - now;
    changed_.wait_for(lock, std::min(wait, Duration(100)));
  }
}

Herd::Attempt Herd::attempt(const FleetDevice& device) const {
  const BareCertificate leaf = bare_certificate(device.leaf);
  auto line = BareTls::open(context_.get(), fleet_.config().device.port,
                            {leaf.get(), fleet_.bare_issuing(), fleet_.bare_key_of(device)});
  const auto answer = line ? line->ask(renewal_of(device)) : std::nullopt;
  if (!answer) return {};
  if (answer->status == 503) {
    std::optional<Duration> wait;
    if (answer->retry_after > 0) wait = std::chrono::seconds(answer->retry_after);
    return {Outcome::turned_away, wait, {}};
  }
  std::string serial;
  if (answer->status == 200) serial = renewed_serial(*answer, device, life_.not_after);
  if (serial.empty()) return {Outcome::refused, {}, {}};
  return {Outcome::renewed, {}, std::move(serial)};
}

void Herd::settle(std::size_t device, Attempt made) {
  const std::size_t now = second();
  PerSecond& counted = made.outcome == Outcome::renewed       ? renewals_
                       : made.outcome == Outcome::turned_away ? turned_away_
                                                              : unanswered_;
  ++counted.at(now);
  last_second_ = std::max(last_second_.load(), now);
  const std::scoped_lock lock(mutex_);
  if (made.outcome == Outcome::renewed) {
    serials_[device] = std::move(made.serial);
    ++renewed_;
    --left_;
  } else if (made.outcome == Outcome::refused) {
    ++refused_;
    --left_;
  } else {
    plans_[device].failed(clock_.now(), made.wait, luck());
    due_.emplace(plans_[device].at(), device);
    return;
  }
  changed_.notify_all();
}

void Herd::wait_until_renewed(std::size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return renewed_ >= count || left_ == 0; });
}

void Herd::wait_for_all() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return left_ == 0; });
}

}  // namespace vedette::bench
