-- grain: one row per cause of a payment without achievement
-- requires: none
-- What share of each cause is ordinary, above which one somebody should look, and what people are told. UPSTREAM_OVERPAYMENT has no
-- investigate_from, and must never have one: it is a final, valid state, whatever its share.
create or replace view ops.v_cabinet_payment_causes as
select *
from (values
  (1, 'IDENTITY_MISMATCH', 0::numeric, 0::numeric, 1::numeric, 1::numeric,
   'La persona alcanzó el hito con otro conductor, o el conductor encontrado por nombre no es el que el pago nombró.',
   'Si aparece, revisar caso por caso.'),
  (2, 'WINDOW_MISMATCH', 0, 0, 1, 1,
   'La fecha de pago está fuera de la vigencia de la regla.',
   'Si aparece, revisar la regla aplicada.'),
  (3, 'INSUFFICIENT_TRIPS_CONFIRMED', 21, 15, 25, 30,
   'Los viajes confirmados en la ventana anterior al pago no llegan al hito.',
   'Ninguna automática; observar, e investigar si pasa del 30 %.'),
  (4, 'UPSTREAM_OVERPAYMENT', 79, 70, 85, null,
   'El upstream pagó según su propio criterio: comportamiento válido del upstream. Los viajes de la ventana de pago alcanzan el hito, pero no consta alcanzado dentro de la ventana del lead o no se conoce el lead.',
   'Ninguna: estado final y válido.')
) cause (priority, classification_cause, expected_pct, band_from, band_to, investigate_from, meaning, action);

comment on view ops.v_cabinet_payment_causes is 'The causes in the order in which they are tried, with their ordinary shares.';
comment on column ops.v_cabinet_payment_causes.band_to is 'Per cent of all payments without achievement, as band_from, expected_pct and investigate_from.';
