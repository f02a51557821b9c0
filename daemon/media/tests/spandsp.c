/* The functions of spandsp as src/sys declares them. To declare a function twice with different
   types is an error of C, so that this compiles only while both agree. */
#include <stddef.h>
#include <stdint.h>
#include <spandsp.h>

_Static_assert(sizeof(int) == 4, "c_int");

typedef void put_message(void *user_data, const uint8_t *message, int length);

adsi_rx_state_t *adsi_rx_init(adsi_rx_state_t *s, int standard, put_message *put, void *user_data);
int adsi_rx(adsi_rx_state_t *s, const int16_t *samples, int count);
int adsi_rx_free(adsi_rx_state_t *s);
adsi_tx_state_t *adsi_tx_init(adsi_tx_state_t *s, int standard);
int adsi_tx_put_message(adsi_tx_state_t *s, const uint8_t *message, int length);
int adsi_tx(adsi_tx_state_t *s, int16_t *samples, int count);
int adsi_tx_free(adsi_tx_state_t *s);
int adsi_add_field(adsi_tx_state_t *s, uint8_t *message, int length, uint8_t kind, const uint8_t *body,
                   int body_length);
int adsi_next_field(adsi_rx_state_t *s, const uint8_t *message, int length, int position, uint8_t *kind,
                    const uint8_t **body, int *body_length);

_Static_assert(ADSI_STANDARD_CLASS == 1, "Standard::Class");
_Static_assert(ADSI_STANDARD_CLIP == 2, "Standard::Clip");
_Static_assert(ADSI_STANDARD_JCLIP == 4, "Standard::Jclip");

plc_state_t *plc_init(plc_state_t *s);
int plc_rx(plc_state_t *s, int16_t *samples, int count);
int plc_fillin(plc_state_t *s, int16_t *samples, int count);
int plc_free(plc_state_t *s);
