// proxy/core/response_relay.hpp - the server's way to the client: which bytes go through, what is swallowed
// or said in the server's place, and when a unit is answered.
//
// The head of backend_state::expected says who an answer is for. Ranges that go through unchanged reach the
// sink in one piece, whatever their size.
#pragma once

#include "proxy/core/command_tag.hpp"
#include "proxy/core/passage.hpp"
#include "proxy/core/resend_rules.hpp"
#include "proxy/core/state.hpp"
#include "proxy/wire/frame.hpp"
#include "proxy/wire/sink.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pgweir::core {

enum class response_outcome {
  need_more,  // consumed all that could be
  unit_done,  // a ReadyForQuery came, or was left out; call again with the rest
  replay,     // the swallowed end of a failed unit came: request_relay::replay() sends it again
  resync,     // a unit that no Sync follows was skipped: request_relay::resync() ends that
  violation,  // not what was asked for: the backend must be closed
};

struct response_step {
  std::size_t consumed;
  response_outcome what;
  bool answered = false;  // something of an answer has gone to the client
  const char* violation = nullptr;
};

// What an ErrorResponse said, for counting and for decisions.
struct seen_error {
  std::array<char, 6> sqlstate{};  // zero-terminated; empty: none seen in this run
};

// Shared: what follows the unit's ReadyForQuery belongs to another client.
enum class backend_use : std::uint8_t { alone, shared };

class response_relay {
 public:
  // `statement_prefix`: how the catalogue's names on the server begin.
  response_relay(client_state& client, backend_state& backend, std::string_view statement_prefix,
                 wire::sink& to_client, backend_use use = backend_use::alone)
      : client_(client),
        backend_(backend),
        statement_prefix_(statement_prefix),
        stream_(to_client),
        use_(use),
        built_(backend.scratch) {}

  response_step run(wire::bytes_view bytes);

  const seen_error& error() const { return error_; }
  // A NoticeResponse came.
  bool noticed() const { return noticed_; }

 private:
  enum class verdict { done, need_more, unit_done, replay, resync, violation };

  // The catalogue's statement that a message is about.
  struct ran_on {
    const statement* what = nullptr;
    bool takes_over = false;  // the backend's was parsed before its client asked for it
    bool is_of_unit = false;  // its client did so in this very unit
  };

  verdict one_message(const wire::frame_header& header);
  verdict completes(core::request expected, const wire::frame_header& header);
  verdict parsed(const wire::frame_header& header);
  verdict closed(const wire::frame_header& header);
  verdict described(const wire::frame_header& header);
  verdict command_complete(const wire::frame_header& header);
  verdict ready(const wire::frame_header& header);
  verdict error_response(const wire::frame_header& header);
  bool is_in_batch() const;
  std::optional<verdict> error_of_own(const wire::frame_header& header, const server_error& said);
  verdict copy_in_started(const wire::frame_header& header);
  verdict stream(const wire::frame_header& header);
  verdict notification(const wire::frame_header& header);
  verdict parameter_status(const wire::frame_header& header);
  bool is_probed() const { return head_then() == bookkeeping::probes_state; }
  bookkeeping head_then() const;
  verdict note_state(const wire::frame_header& header);

  void settle_tag(std::string_view tag);
  void settle_relations(const tag_effects& effects);
  void note_schema_change(bool goes_on);
  void settle_logins();
  void drop_statements();
  void finish_copy(bool count_is_lost);
  bool skip_batch();
  void note_names_taken(std::uint64_t serial);
  void note_name_refused(std::uint64_t serial);
  void note_names_refused_in_unit();
  ran_on statement_of_head() const;
  bool may_begin_again(const server_error& said) const;
  verdict begin_again(const wire::frame_header& header);
  bool can_replay(const server_error& said, const ran_on& failed) const;
  void forward_error(const wire::frame_header& header, std::string_view sqlstate);
  void say_refusal(const wire::frame_header& header);
  void synthesise_due();
  bool end_withheld_unit();
  void say_ready(const wire::frame_header& header, handling how);
  std::uint64_t shape_of(const wire::frame_header& header) const;
  bool shape_differs(std::uint64_t shape);
  bool knows_other_rows() const;
  void refuse_other_rows();
  void say_other_rows();

  bool is_whole(const wire::frame_header& header) const { return stream_.rest().size() >= header.size(); }
  bool head_is(core::request expected) const;
  handling head_handling() const;
  void take(const wire::frame_header& header, handling how);

  client_state& client_;
  backend_state& backend_;
  std::string_view statement_prefix_;
  passage stream_;  // to the client
  const backend_use use_;
  std::string& built_;  // of the backend: it keeps its memory
  seen_error error_;
  bool answered_ = false;
  bool noticed_ = false;
  const char* violation_ = nullptr;
};

}  // namespace pgweir::core
