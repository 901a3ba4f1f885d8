#include "forgery.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "inference/channel/futex.h"

#include "deeds.h"

namespace vedette::testing {

namespace {

using namespace inference;
using namespace inference::channel;

constexpr std::int64_t kHuge = std::int64_t{1} << 62U;

void refuse_with(Ring& ring, std::string_view code, std::string_view text) {
  ring.header.kind = static_cast<std::uint32_t>(MessageKind::refused);
  ring.header.code_size = static_cast<std::uint32_t>(code.size());
  ring.header.text_size = static_cast<std::uint32_t>(text.size());
  std::memcpy(ring.refusal.code, code.data(), std::min(code.size(), kMaxCode));
  std::memcpy(ring.refusal.text, text.data(), std::min(text.size(), kMaxText));
}

void shape_of(Ring& ring, std::uint32_t rank, std::int64_t dimension, std::uint64_t size) {
  ring.record.rank = rank;
  std::ranges::fill(ring.record.dims, dimension);
  ring.record.size = size;
}

// Each spoils the honest answer in one place.
constexpr std::array kForgeries = {
    Forgery{"number-of-another",
            [](Ring& r) {
              ++r.header.number;
              return Next::ring;
            },
            "SBX-REPLY"},
    Forgery{"stale-number",
            [](Ring& r) {
              --r.header.number;
              return Next::ring;
            },
            "SBX-REPLY"},
    Forgery{"unknown-kind",
            [](Ring& r) {
              r.header.kind = 7;
              return Next::ring;
            },
            "SBX-REPLY"},
    Forgery{"request-as-answer",
            [](Ring& r) {
              r.header.kind = static_cast<std::uint32_t>(MessageKind::infer);
              return Next::ring;
            },
            "SBX-REPLY"},
    Forgery{"no-output",
            [](Ring& r) {
              r.header.count = 0;
              return Next::ring;
            },
            "SBX-REPLY"},
    Forgery{"two-outputs",
            [](Ring& r) {
              r.header.count = 2;
              return Next::ring;
            },
            "SBX-REPLY"},
    Forgery{"countless-outputs",
            [](Ring& r) {
              r.header.count = ~0U;
              return Next::ring;
            },
            "SBX-REPLY"},
    Forgery{"unknown-output",
            [](Ring& r) {
              r.record.index = 1;
              return Next::ring;
            },
            "SBX-REPLY"},
    Forgery{"output-out-of-range",
            [](Ring& r) {
              r.record.index = ~0U;
              return Next::ring;
            },
            "SBX-REPLY"},
    Forgery{"unknown-type",
            [](Ring& r) {
              r.record.type = 99;
              return Next::ring;
            },
            "SBX-REPLY"},
    Forgery{"type-zero",
            [](Ring& r) {
              r.record.type = 0;
              return Next::ring;
            },
            "SBX-REPLY"},
    Forgery{"type-of-another",
            [](Ring& r) {
              r.record.type = static_cast<std::uint32_t>(DataType::int32);
              return Next::ring;
            },
            "SBX-REPLY"},
    Forgery{"rank-nine",
            [](Ring& r) {
              shape_of(r, 9, 1, 4);
              return Next::ring;
            },
            "SBX-REPLY"},
    Forgery{"rank-without-end",
            [](Ring& r) {
              shape_of(r, ~0U, 1, 4);
              return Next::ring;
            },
            "SBX-REPLY"},
    Forgery{"negative-dimension",
            [](Ring& r) {
              shape_of(r, 1, -1, 4);
              return Next::ring;
            },
            "SBX-REPLY"},
    Forgery{"dimensions-that-overflow-to-zero",
            [](Ring& r) {
              shape_of(r, 2, kHuge, 0);
              return Next::ring;
            },
            "SBX-REPLY"},
    Forgery{"dimension-that-overflows-to-four",
            [](Ring& r) {
              shape_of(r, 1, kHuge + 1, 4);
              return Next::ring;
            },
            "SBX-REPLY"},
    Forgery{"size-of-its-own",
            [](Ring& r) {
              r.record.size = 8;
              return Next::ring;
            },
            "SBX-REPLY"},
    Forgery{"size-without-end",
            [](Ring& r) {
              r.record.size = ~0ULL;
              return Next::ring;
            },
            "SBX-REPLY"},
    Forgery{"larger-than-the-slot",
            [](Ring& r) {
              shape_of(r, 1, 1 << 28U, 4ULL << 28U);
              return Next::ring;
            },
            "SBX-REPLY"},
    Forgery{"offset-beyond-the-slot",
            [](Ring& r) {
              r.record.offset = kMaxPayload * 2;
              return Next::ring;
            },
            "SBX-REPLY"},
    Forgery{"offset-that-overflows",
            [](Ring& r) {
              r.record.offset = ~0ULL - 63;
              return Next::ring;
            },
            "SBX-REPLY"},
    Forgery{"crooked-offset",
            [](Ring& r) {
              r.record.offset = 3;
              return Next::ring;
            },
            "SBX-REPLY"},
    Forgery{"refusal-without-code",
            [](Ring& r) {
              refuse_with(r, "", "x");
              return Next::ring;
            },
            "SBX-REPLY"},
    Forgery{"refusal-with-a-code-of-its-own",
            [](Ring& r) {
              refuse_with(r, "\x1b[31mOK", "x");
              return Next::ring;
            },
            "SBX-REPLY"},
    Forgery{"refusal-with-endless-code",
            [](Ring& r) {
              refuse_with(r, "INF-MODEL", "x");
              r.header.code_size = ~0U;
              return Next::ring;
            },
            "SBX-REPLY"},
    Forgery{"refusal-with-endless-text",
            [](Ring& r) {
              refuse_with(r, "INF-MODEL", "x");
              r.header.text_size = kMaxText + 1;
              return Next::ring;
            },
            "SBX-REPLY"},
    // A code that is the host's to give becomes a model's refusal.
    Forgery{"refusal-in-the-host's-name",
            [](Ring& r) {
              refuse_with(r, "SBX-CAGE-ROOT", "reboot me");
              return Next::ring;
            },
            "INF-MODEL"},
    Forgery{"refusal-that-paints-the-terminal",
            [](Ring& r) {
              refuse_with(r, "INF-MODEL", "\x1b[2J\nroot# ");
              return Next::ring;
            },
            "INF-MODEL"},
    Forgery{"answer-to-the-next",
            [](Ring& r) {
              publish(r.control.answered, r.number + 1, r.control.host_sleeps);
              return Next::sleep;
            },
            "SBX-REPLY"},
    Forgery{"answer-from-far-away",
            [](Ring& r) {
              publish(r.control.answered, r.number + 0x80000000U, r.control.host_sleeps);
              return Next::sleep;
            },
            "SBX-REPLY"},
    Forgery{"answer-taken-back",
            [](Ring& r) {
              publish(r.control.answered, r.number - 3, r.control.host_sleeps);
              return Next::sleep;
            },
            "SBX-REPLY"},
    Forgery{"no-answer", [](Ring&) { return Next::sleep; }, "SBX-DEADLINE"},
    Forgery{"spinning",
            [](Ring&) {
              spin();
              return Next::sleep;
            },
            "SBX-DEADLINE"},
    Forgery{"storm-on-the-bell",
            [](Ring& r) {
              for (;;)
                wake_all(r.control.answered);
              return Next::sleep;
            },
            "SBX-DEADLINE"},
    // Nonsense that is the model's to say, or that the host does not read.
    Forgery{"not-a-number",
            [](Ring& r) {
              r.value = std::numeric_limits<float>::quiet_NaN();
              return Next::ring;
            },
            ""},
    Forgery{"infinity",
            [](Ring& r) {
              r.value = std::numeric_limits<float>::infinity();
              return Next::ring;
            },
            ""},
    Forgery{"without-a-bell",
            [](Ring& r) {
              r.control.host_sleeps = 0;
              store(r.control.answered, r.number);
              return Next::sleep;
            },
            ""},
    Forgery{"sleepers-without-end",
            [](Ring& r) {
              r.control.host_sleeps = ~0U;
              r.control.worker_sleeps = ~0U;
              return Next::ring;
            },
            ""},
    Forgery{"channel-of-another-shape",
            [](Ring& r) {
              r.control.magic = 0;
              r.control.shape = {kMaxPayload, kMaxPayload, kMaxSlots, kMaxSpin};
              return Next::ring;
            },
            ""},
    Forgery{"question-of-its-own",
            [](Ring& r) {
              r.control.posted = r.number + 77;
              r.request.number = r.number + 77;
              r.request.count = ~0U;
              return Next::ring;
            },
            ""},
    Forgery{"loaded-again",
            [](Ring& r) {
              r.control.load_state = static_cast<std::uint32_t>(LoadState::refused);
              return Next::ring;
            },
            ""},
    // Not against the host, but against the next request: what the process, and what the channel,
    // keeps of those before. The answer tells.
    Forgery{"count-in-the-process",
            [](Ring& r) {
              static float count = 0;
              r.question = count++;
              return Next::answer;
            },
            ""},
    Forgery{"count-in-the-channel",
            [](Ring& r) {
              r.question = static_cast<float>(r.scrap++);
              return Next::answer;
            },
            ""},
};

template <class T>
T& at(std::span<std::uint8_t> memory, std::uint64_t offset) {
  return *reinterpret_cast<T*>(memory.data() + offset);  // NOLINT: shared memory
}

Ring ring_of(std::span<std::uint8_t> memory, std::uint32_t number) {
  auto& control = at<ControlBlock>(memory, 0);
  const ChannelShape shape = control.shape;
  const std::uint64_t place = number % shape.slots;
  const std::uint64_t asked = kSlotsOffset + place * slot_size(shape.request_bytes);
  const std::uint64_t answer = replies_offset(shape) + place * slot_size(shape.reply_bytes);
  return {control,
          at<SlotHeader>(memory, asked),
          at<SlotHeader>(memory, answer),
          at<RefusalText>(memory, answer + kRefusalOffset),
          at<TensorRecord>(memory, answer + kRecordsOffset),
          at<float>(memory, asked + kPayloadOffset),
          at<float>(memory, answer + kPayloadOffset),
          at<std::uint8_t>(memory, kPage - 1),
          number};
}

void answer_honestly(Ring& ring) {
  ring.header = {};
  ring.header.kind = static_cast<std::uint32_t>(MessageKind::outputs);
  ring.header.number = ring.number;
  ring.header.count = 1;
  ring.record = {};
  ring.record.type = static_cast<std::uint32_t>(DataType::fp32);
  ring.record.rank = 1;
  ring.record.dims[0] = 1;
  ring.record.size = sizeof(float);
  ring.value = 1;
}

// Neither waits for the other: its host stops its worker at the lie, but not the worker's forks.
void answer_two(std::span<std::uint8_t> memory) {
  auto& control = at<ControlBlock>(memory, 0);
  const std::uint32_t first = load(control.answered) + 1;
  while (load(control.posted) != first + 1) {
  }
  Ring lie = ring_of(memory, first);
  answer_honestly(lie);
  ++lie.header.number;
  Ring truth = ring_of(memory, first + 1);
  answer_honestly(truth);
  publish(control.answered, first, control.host_sleeps);
  const auto heard = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
  while (std::chrono::steady_clock::now() < heard) {
  }
  publish(control.answered, first + 1, control.host_sleeps);
  sleep_for_ever();
}

constexpr std::size_t kTwoAnswers = kForgeries.size() + 1;

}  // namespace

std::span<const Forgery> forgeries() {
  return kForgeries;
}

float number_of_two_answers() {
  return static_cast<float>(kTwoAnswers);
}

float number_of(std::string_view forgery) {
  const auto found = std::ranges::find(kForgeries, forgery, &Forgery::name);
  if (found == kForgeries.end()) std::abort();
  return static_cast<float>(found - kForgeries.begin() + 1);
}

void forge(std::span<std::uint8_t> memory, Moment moment) {
  if (moment != Moment::answering) return;
  Ring ring = ring_of(memory, load(at<ControlBlock>(memory, 0).posted));
  const auto wish = static_cast<std::size_t>(ring.question);
  if (wish == kTwoAnswers) answer_two(memory);
  if (wish == 0 || wish > kForgeries.size()) return;
  const Forgery& forgery = kForgeries.at(wish - 1);
  answer_honestly(ring);
  const Next next = forgery.forge(ring);
  if (next == Next::answer) return;
  if (next == Next::ring) publish(ring.control.answered, ring.number, ring.control.host_sleeps);
  sleep_for_ever();
}

}  // namespace vedette::testing
