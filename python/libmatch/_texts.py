"""The words and number formats of the report, in French and in English."""

from __future__ import annotations

import math
import re
from datetime import date
from typing import Literal, get_args

from babel.dates import format_date
from babel.numbers import format_compact_currency, format_currency, format_decimal, format_percent

Lang = Literal["fr", "en"]

NO_BREAK, THIN = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"
DASH, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"

# key: (French, English)
_WORDS: dict[str, tuple[str, str]] = {
    "title": (
        "Plan d'accompagnement et de financement des entreprises",
        "Plan of support and funding for firms",
    ),
    "market_line": (
        "{firms} entreprises, {advisers} conseillers, situation au {date}",
        "{firms} firms, {advisers} advisers, as of {date}",
    ),
    "market_line_undated": (
        "{firms} entreprises, {advisers} conseillers",
        "{firms} firms, {advisers} advisers",
    ),
    "summary_served": (
        "{served} entreprises sur {firms} ont un conseiller.",
        "{served} firms out of {firms} have an adviser.",
    ),
    "summary_funded": (
        "{funded} reçoivent une aide ou un prêt, {money} en tout ; {dossiers} dossiers collectifs"
        " en réunissent {pooled}.",
        "{funded} receive a grant or a loan, {money} in all; {dossiers} collective dossiers bring"
        " {pooled} of them together.",
    ),
    "summary_proof": (
        "Chaque résultat ci-dessous porte sa preuve : l'écart au meilleur choix possible.",
        "Every result below carries its proof: how far it can be from the best possible choice.",
    ),
    "skip": ("Aller au contenu", "Skip to the content"),
    "headline": ("En bref", "In brief"),
    "served_by": ("servies par les {network}", "served by {network}"),
    "of_eligible": (
        "{share} des {eligible} entreprises éligibles",
        "{share} of {eligible} eligible firms",
    ),
    "dossiers_tile": ("dossiers collectifs", "collective dossiers"),
    "dossiers_note": ("{pooled} entreprises réunies", "{pooled} firms brought together"),
    "funded_tile": ("entreprises financées", "firms funded"),
    "funded_note": (
        "dont {full} pour la totalité du projet",
        "of which {full} for their whole project",
    ),
    "money_tile": ("mobilisés", "raised"),
    "money_note": ("aides et prêts", "grants and loans"),
    "money": ("D'où vient l'argent", "Where the money comes from"),
    "money_alt": ("Part de chaque financeur", "Share of each funder"),
    "funder": ("Financeur", "Funder"),
    "amount": ("Montant", "Amount"),
    "share": ("Part", "Share"),
    "eu": ("Union européenne", "European Union"),
    "state": ("État", "State"),
    "region": ("Régions", "Regions"),
    "loans": ("Prêts", "Loans"),
    "where": ("Sur la carte", "On the map"),
    "map_served": ("Entreprises servies", "Firms served"),
    "map_served_note": (
        "Chaque point est une commune, d'autant plus gros qu'elle compte d'entreprises.",
        "Each dot is a commune, the larger the more firms it has.",
    ),
    "map_served_alt": (
        "Carte de France : dans {all} communes toutes les entreprises ont un conseiller, dans"
        " {some} une partie, dans {none} aucune.",
        "Map of France: in {all} communes all firms have an adviser, in {some} some have, in"
        " {none} none has.",
    ),
    "have_adviser": ("Ont un conseiller :", "Have an adviser:"),
    "all": ("toutes", "all"),
    "some": ("une partie", "some"),
    "none": ("aucune", "none"),
    "communes": ("{n} communes", "{n} communes"),
    "map_dossiers": ("Lieux des dossiers collectifs", "Where collective dossiers meet"),
    "map_dossiers_note": (
        "Un cercle par intercommunalité ; sa surface suit le nombre de dossiers.",
        "One circle for each group of communes (EPCI); its area follows the number of dossiers.",
    ),
    "map_dossiers_alt": (
        "Carte de France : {dossiers} dossiers en {places} lieux ; les principaux sont {top}.",
        "Map of France: {dossiers} dossiers in {places} places; the largest are {top}.",
    ),
    "meeting_tip": (
        "Autour de {name} : {dossiers}, {members} entreprises, {sum}",
        "Around {name}: {dossiers}, {members} firms, {sum}",
    ),
    "one_dossier": ("1 dossier", "1 dossier"),
    "many_dossiers": ("{n} dossiers", "{n} dossiers"),
    "overseas": ("Outre-mer", "Overseas"),
    "coverage": ("Couverture par région", "Coverage by region"),
    "coverage_note": (
        "Part des entreprises éligibles qui ont un conseiller. Éligible : le programme vise"
        " l'entreprise, qui est servie ou dont le motif de mise à l'écart est connu.",
        "Share of eligible firms that have an adviser. Eligible: the programme is meant for the"
        " firm, which is served or left out for a known reason.",
    ),
    "coverage_alt": (
        "Barres de la part servie par région ; {extremes}.",
        "Bars of the share served by region; {extremes}.",
    ),
    "extremes": (
        "{network} : de {low} ({lowest}) à {high} ({highest})",
        "{network}: from {low} ({lowest}) to {high} ({highest})",
    ),
    "coverage_tip": (
        "{region} : {served} servies sur {eligible} éligibles ({share})",
        "{region}: {served} served of {eligible} eligible ({share})",
    ),
    "elsewhere": ("Lieu inconnu", "Place unknown"),
    "sizes": ("Taille des dossiers", "Size of dossiers"),
    "sizes_note": (
        "Nombre de dossiers selon le nombre d'entreprises qu'ils réunissent.",
        "Number of dossiers by the number of firms they bring together.",
    ),
    "sizes_alt": (
        "Histogramme : de {low} à {high} entreprises par dossier, {mean} en moyenne.",
        "Histogram: from {low} to {high} firms in a dossier, {mean} on average.",
    ),
    "size_tip": (
        "{size} entreprises : {n} dossiers ({rule})",
        "{size} firms: {n} dossiers ({rule})",
    ),
    "members": ("Entreprises par dossier", "Firms per dossier"),
    "dossiers": ("Dossiers", "Dossiers"),
    "rule": ("Règle", "Rule"),
    "no_dossiers": ("Ce plan ne compte aucun dossier.", "This plan has no dossier."),
    "figures": ("Voir les chiffres", "Show the figures"),
    "place_region": ("Région", "Region"),
    "place_departement": ("Département", "Departement"),
    "firms": ("Entreprises", "Firms"),
    "grants": ("Aides", "Grants"),
    "proof": ("Qualité du plan, étape par étape", "Quality of the plan, stage by stage"),
    "proof_note": (
        "La borne est un gain qu'aucun choix ne peut dépasser : elle se calcule sur toutes les"
        " possibilités, pas seulement sur celles retenues. L'écart entre le gain et la borne dit"
        " donc, à coup sûr, tout ce qu'il serait encore possible de gagner à cette étape, qui"
        " part de ce que les précédentes ont décidé.",
        "The bound is a gain that no choice can exceed: it is computed over all possibilities,"
        " not only those chosen. The gap between gain and bound is therefore, with certainty, all"
        " that could still be gained at that stage, which starts from what the stages before it"
        " decided.",
    ),
    "stage": ("Étape", "Stage"),
    "objective": ("Gain", "Gain"),
    "bound": ("Borne", "Bound"),
    "gap": ("Écart", "Gap"),
    "status": ("Statut", "Status"),
    "seconds": ("Temps", "Time"),
    "meaning": ("Ce que cela prouve", "What this proves"),
    "stage_assign": ("Conseillers : {network}", "Advisers: {network}"),
    "stage_fund": ("Aides", "Grants"),
    "stage_pool": ("Dossiers collectifs", "Collective dossiers"),
    "stage_lead": ("Pilotes des dossiers", "Leads of dossiers"),
    "stage_specialists": ("Spécialistes en renfort", "Specialists beside leads"),
    "stage_lend": ("Prêteurs", "Lenders"),
    "stage_resources": ("Ressources conseillées", "Recommended resources"),
    "stage_workshops": ("Ateliers", "Workshops"),
    "stage_visits": ("Visites", "Visits"),
    "stage_visit_choices": ("Qui visite qui", "Who visits whom"),
    "stage_shared_staff": ("Emplois partagés", "Shared staff"),
    "counts_workshops": ("valeur des ateliers", "value of workshops"),
    "counts_visits": ("valeur des visites, moins la route", "value of visits, less travel"),
    "counts_visit_choices": ("valeur des visites possibles", "value of possible visits"),
    "counts_shared_staff": ("jours par mois, moins la route", "days per month, less travel"),
    "services": ("Ateliers, visites et emplois partagés", "Workshops, visits and shared staff"),
    "services_note": (
        "Les dirigeants se forment près de chez eux, sont visités sur place et partagent une"
        " compétence à plusieurs.",
        "Leaders are trained near home, visited where they are, and share a skill between several"
        " firms.",
    ),
    "service": ("Action", "Action"),
    "service_count": ("Nombre", "Number"),
    "service_mean": ("Entreprises en moyenne", "Firms on average"),
    "service_km": ("Trajet moyen (km)", "Average way (km)"),
    "service_workshops": ("Atelier : {rule}", "Workshop: {rule}"),
    "service_shared_staff": ("Emploi partagé : {rule}", "Shared job: {rule}"),
    "service_visits": ("Tournées de visites", "Rounds of visits"),
    "counts_assign": ("somme des scores", "sum of scores"),
    "counts_fund": ("euros accordés", "euros granted"),
    "counts_pool": ("valeur des dossiers", "value of dossiers"),
    "counts_lead": ("somme des scores", "sum of scores"),
    "counts_specialists": (
        "part des besoins couverte en équipe, moins les coûts",
        "share of needs covered as a team, less costs",
    ),
    "counts_lend": ("somme des scores", "sum of scores"),
    "counts_resources": ("somme des scores", "sum of scores"),
    "status_optimal": ("optimal", "optimal"),
    "status_within_gap": ("écart atteint", "gap reached"),
    "status_time_limit": ("arrêté avant l'écart", "stopped before the gap"),
    "status_cancelled": ("interrompu", "cancelled"),
    "status_infeasible": ("impossible", "infeasible"),
    "means_optimal": ("Aucun autre choix ne fait mieux.", "No other choice does better."),
    "means_gap": (
        "Le meilleur choix possible ne gagne pas plus de {gap} sur celui-ci.",
        "The best possible choice gains no more than {gap} over this one.",
    ),
    "means_open": (
        "Pas de borne utile : ce choix est valable, sa qualité n'est pas prouvée.",
        "No useful bound: this choice is lawful, its quality is not proven.",
    ),
    "means_infeasible": (
        "Les minimums demandés se contredisent : aucun plan ne les respecte tous.",
        "The minimums asked for contradict each other: no plan meets them all.",
    ),
    "means_blocker": (
        "{firms} entreprises et {advisers} conseillers : {needed} places ou entreprises"
        " nécessaires, {reachable} possibles.",
        "{firms} firms and {advisers} advisers: {needed} places or firms needed, {reachable}"
        " possible.",
    ),
    "means_relaxation": (
        "Le plus petit assouplissement qui suffise change {units} unités : {changes}.",
        "The smallest relaxation that is enough changes {units} units: {changes}.",
    ),
    "means_quota": (
        "Le quota {name} ne peut pas être tenu avec les autres limites : il y manque {shortfall}.",
        "The quota {name} cannot be kept beside the other limits: it lacks {shortfall}.",
    ),
    "note_quotas": (
        "Quotas à leur limite : {names}.",
        "Quotas at their limit: {names}.",
    ),
    "note_changes": (
        "{changes} entreprises ont perdu leur conseiller par choix, {forced} par force.",
        "{changes} firms lost their adviser by choice, {forced} because they had to.",
    ),
    "change_capacity": (
        "capacité de {adviser} de {before} à {after}",
        "capacity of {adviser} from {before} to {after}",
    ),
    "change_min_load": (
        "charge minimale de {adviser} de {before} à {after}",
        "minimum load of {adviser} from {before} to {after}",
    ),
    "change_min_demand": (
        "demande minimale de {firm} de {before} à {after}",
        "minimum demand of {firm} from {before} to {after}",
    ),
    "change_pin": (
        "{firm} n'est plus imposée à {adviser}",
        "{firm} is no longer pinned to {adviser}",
    ),
    "and_more": ("et {n} autres", "and {n} more"),
    "means_empty": ("Rien à décider à cette étape.", "Nothing to decide at this stage."),
    "schemes": ("Dispositifs d'aide", "Grant schemes"),
    "scheme_sources": (
        "D'où viennent ces chiffres : {sources}.",
        "Source of these figures: {sources}.",
    ),
    "scheme": ("Dispositif", "Scheme"),
    "budget": ("Budget", "Budget"),
    "granted": ("Accordé", "Granted"),
    "left": ("Reste", "Left"),
    "used": ("Consommé", "Used"),
    "one_euro_more": ("Un euro de plus", "One euro more"),
    "one_euro_note": (
        "« Un euro de plus » : ce que vaudrait, en euros d'aides, un euro ajouté au budget."
        " Au-dessus de zéro, le budget ne suffit pas : il va d'abord là où il vaut le plus à ce"
        " prix, puis par priorité, puis par identifiant.",
        "One euro more: what a euro added to the budget would be worth, in euros of grants. Above"
        " zero the budget does not suffice: it goes first where it is worth most at this price,"
        " then by priority, then by id.",
    ),
    "coincidence_costs": (
        "Un seul regroupement pour l'aide et le prêt, au lieu de deux, coûte {firms} entreprises"
        " financées par un prêt et {eur} d'aides et de prêts.",
        "One grouping for aid and loan, instead of two, costs {firms} firms with a loan and {eur}"
        " of grants and loans.",
    ),
    "unlimited": ("sans limite", "unlimited"),
    "total": ("Total", "Total"),
    "reasons": ("Entreprises laissées de côté", "Firms left out"),
    "reasons_note": (
        "Une entreprise peut apparaître à plusieurs étapes.",
        "A firm may appear at several stages.",
    ),
    "reason": ("Motif", "Reason"),
    "at_stake": ("Montant en jeu", "Money at stake"),
    "no_reasons": ("Aucune entreprise n'est laissée de côté.", "No firm is left out."),
    "about": ("Réglages et sources", "Settings and sources"),
    "setting": ("Réglage", "Setting"),
    "value": ("Valeur", "Value"),
    "version": ("Version de libmatch", "libmatch version"),
    "same_again": (
        "Les mêmes données, la même graine et la même version redonnent exactement ce plan.",
        "The same data, seed and version give exactly this plan again.",
    ),
    "sources": (
        "Géographie : codes et populations de l'Insee (découpage administratif d'Etalab), mairies"
        " de la DILA, contours de l'IGN, sous Licence Ouverte 2.0.",
        "Geography: codes and populations by Insee (Etalab's découpage administratif), town halls"
        " by DILA, contours by IGN, under Licence Ouverte 2.0.",
    ),
    "yes": ("oui", "yes"),
    "no": ("non", "no"),
    "not_set": ("aucun", "none"),
    "all_stages": ("toutes", "all"),
    "set_gap": ("Écart demandé", "Gap asked for"),
    "set_pool_gap": ("Écart demandé pour les dossiers", "Gap asked for in pooling"),
    "set_exact": ("Calcul exact", "Exact mode"),
    "set_time_limit": ("Temps limite (s)", "Time limit (s)"),
    "set_threads": ("Fils d'exécution (0 : tous)", "Threads (0: all)"),
    "set_seed": ("Graine", "Seed"),
    "set_stages": ("Étapes", "Stages"),
    "set_date": ("Date du marché", "Date of the market"),
    "set_trust_prior_successes": ("Confiance : succès a priori", "Trust: prior successes"),
    "set_trust_prior_failures": ("Confiance : échecs a priori", "Trust: prior failures"),
    "set_trust_confidence": ("Confiance : niveau", "Trust: confidence level"),
    "set_trust_label_bonus": ("Confiance : bonus du label", "Trust: bonus for a label"),
    "set_aid_intensity_max": ("Part d'aide maximale", "Largest share of aid"),
    "set_de_minimis_ceiling_eur": ("Plafond de minimis (€)", "De minimis ceiling (EUR)"),
    "set_funding_after": ("Financement après le programme", "Funding after programme"),
    "set_lead_labels_required": ("Labels exigés du pilote", "Labels required of leads"),
    "set_lead_hours_per_dossier": ("Heures par dossier", "Hours per dossier"),
    "set_lead_hours_per_member": ("Heures par membre", "Hours per member"),
    "set_specialists_per_dossier": ("Spécialistes par dossier", "Specialists per dossier"),
    "set_lead_network": ("Réseau qui pilote les dossiers", "Network that leads dossiers"),
    "set_resources_per_firm": ("Ressources par entreprise", "Resources per firm"),
    "set_resources_neighbour_km": (
        "Ressources des territoires voisins jusqu'à (km)",
        "Resources of neighbouring territories up to (km)",
    ),
}

# Names in the demonstration market; others are shown as they are written in the market.
_NETWORKS = {
    "volunteer": ("bénévoles", "volunteers"),
    "volunteers": ("bénévoles", "volunteers"),
    "professional": ("professionnels", "professionals"),
    "professionals": ("professionnels", "professionals"),
}
_RULES = {
    "same trade": ("même métier", "same trade"),
    "same place": ("même lieu", "same place"),
    "whole job": ("temps plein", "whole job"),
    "half job": ("mi-temps", "half job"),
    "cyber security": ("cybersécurité", "cyber security"),
    "online sales": ("vente en ligne", "online sales"),
    "artificial intelligence": ("intelligence artificielle", "artificial intelligence"),
}

# The library says reasons in English.
_REASONS_FR = {
    "no adviser is eligible": "aucun conseiller n'est éligible",
    "every eligible adviser is fully used by firms that gain more": (
        "les conseillers éligibles sont pris par des entreprises qui y gagnent plus"
    ),
    "the minimums of the programme contradict each other": (
        "les minimums du programme se contredisent"
    ),
    "no adviser is worth more to it than its reservation": (
        "aucun conseiller ne vaut mieux pour elle que de rester sans"
    ),
    "the work was stopped before it had one": "le calcul a été arrêté avant son tour",
    "the firm does not consent to pooling": "l'entreprise refuse les dossiers collectifs",
    "it lacked nothing before its collective grant was withdrawn": (
        "rien ne lui manquait avant le retrait de son aide collective"
    ),
    "there is no dossier rule": "il n'y a pas de règle de dossier",
    "no rule covers the firm": "aucune règle de dossier ne vise l'entreprise",
    "amount above the largest dossier": "montant au-delà du plus grand dossier",
    "too little within reach to make the ticket": (
        "trop peu de montants à proximité pour atteindre le ticket d'un prêteur"
    ),
    "the firms that it must stay together with fit no dossier with it": (
        "les entreprises auxquelles elle est liée n'entrent dans aucun dossier avec elle"
    ),
    "the dossier that would take it has a firm to be kept apart from": (
        "le dossier qui la prendrait compte une entreprise dont elle doit être séparée"
    ),
    "another grouping is worth more": "un autre regroupement vaut plus",
    "too few leaders within reach of a site to open a workshop": (
        "trop peu de dirigeants à portée d'un lieu pour ouvrir un atelier"
    ),
    "the workshops within reach are full or bring more with others": (
        "les ateliers à portée sont pleins ou servent mieux d'autres entreprises"
    ),
    "it wants more days than a shared job has": "elle demande plus de jours qu'un emploi partagé",
    "too few days within reach to make a job": "trop peu de jours à portée pour faire un emploi",
    "another sharing is worth more": "un autre partage vaut plus",
    "no adviser visits within a day's reach": "aucun conseiller ne visite à portée d'une journée",
    "the days of advisers within reach go to other firms": (
        "les journées des conseillers à portée vont à d'autres entreprises"
    ),
    "the days of its adviser bring more elsewhere": (
        "les journées de son conseiller servent mieux d'autres entreprises"
    ),
    "its adviser's day does not lead there and back": (
        "l'aller-retour dépasse une journée de son conseiller"
    ),
    "no lender with room takes this amount here": (
        "aucun prêteur disponible ne prend ce montant à cet endroit"
    ),
}


def _typographic_fr(words: str) -> str:
    """French typography: curly apostrophes, no line break before high punctuation and percent."""
    words = words.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}")
    words = re.sub(r" (?=[;!?])", THIN, words)
    return re.sub(r" (?=[:%€])", NO_BREAK, words)


class Texts:
    """Words and numbers in one language.

    >>> Texts("fr").whole(1234567)
    '1\\u202f234\\u202f567'
    """

    def __init__(self, lang: Lang) -> None:
        if lang not in get_args(Lang):
            raise ValueError(f"lang is {lang!r}: use 'fr' or 'en'")
        self.lang: Lang = lang
        self._at = get_args(Lang).index(lang)

    def __call__(self, key: str, **values: object) -> str:
        words = _WORDS[key][self._at]
        if self.lang == "fr":
            words = _typographic_fr(words)
        return words.format(**values)

    def has(self, key: str) -> bool:
        return key in _WORDS

    def network(self, name: str) -> str:
        return _NETWORKS[name][self._at] if name in _NETWORKS else name

    def heading(self, name: str) -> str:
        """A network's name as the head of a column."""
        words = self.network(name)
        return words[:1].upper() + words[1:]

    def rule(self, name: str) -> str:
        return _RULES[name][self._at] if name in _RULES else name

    def funder(self, name: str) -> str:
        return self(name) if name in _WORDS else name

    def reason(self, reason: str) -> str:
        words = _REASONS_FR.get(reason, reason) if self.lang == "fr" else reason
        words = words[:1].upper() + words[1:]
        return _typographic_fr(words) if self.lang == "fr" else words

    def stage(self, stage: str) -> str:
        kind, _, programme = stage.partition(":")
        if not self.has(f"stage_{kind}"):
            return stage
        return self(f"stage_{kind}", network=self.network(programme))

    def whole(self, value: float) -> str:
        return str(format_decimal(round(value), locale=self.lang)).replace("-", MINUS)

    def decimal(self, value: float, digits: int) -> str:
        if not math.isfinite(value):
            return DASH
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return str(format_decimal(value, pattern, locale=self.lang)).replace("-", MINUS)

    def percent(self, share: float, digits: int = 0) -> str:
        if not math.isfinite(share):
            return DASH
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        pattern += f"{NO_BREAK}%" if self.lang == "fr" else "%"
        return str(format_percent(share, pattern, locale=self.lang))

    def small_percent(self, share: float) -> str:
        """Two digits that count, rounded up: a gap is never told smaller than it is."""
        if not math.isfinite(share) or share == 0:
            return self.percent(share)
        digits = min(9, max(0, 1 - math.floor(math.log10(abs(share) * 100))))
        unit = 10.0 ** (digits + 2)
        noise = 1e-6  # of the last digit: 0.07 * 100 is not quite 7
        return self.percent(math.ceil(share * unit - noise) / unit, digits)

    def euros(self, value: float) -> str:
        if not math.isfinite(value):
            return DASH
        pattern = f"#,##0{NO_BREAK}¤" if self.lang == "fr" else "¤#,##0"
        words = format_currency(
            round(value), "EUR", pattern, locale=self.lang, currency_digits=False
        )
        return str(words).replace("-", MINUS)

    def cents(self, value: float) -> str:
        """Euros with their cents."""
        if not math.isfinite(value):
            return DASH
        pattern = f"#,##0.00{NO_BREAK}¤" if self.lang == "fr" else "¤#,##0.00"
        words = format_currency(value, "EUR", pattern, locale=self.lang, currency_digits=False)
        return str(words).replace("-", MINUS)

    def short_euros(self, value: float) -> str:
        digits = 1 if abs(value) >= 1e6 else 0
        return str(format_compact_currency(value, "EUR", locale=self.lang, fraction_digits=digits))

    def seconds(self, value: float) -> str:
        digits = 2 if value < 10 else 0
        return f"{self.decimal(value, digits)}{NO_BREAK}s"

    def day(self, value: date) -> str:
        return str(format_date(value, "long", locale=self.lang))

    def value(self, value: object) -> str:
        """A setting, as people write it."""
        if value is None or value == "":
            return self("not_set")
        if isinstance(value, bool):
            return self("yes" if value else "no")
        if isinstance(value, date):
            return self.day(value)
        if isinstance(value, int):
            return self.whole(value)
        if isinstance(value, float):
            return str(format_decimal(value, "#,##0.##########", locale=self.lang))
        if isinstance(value, list | tuple):
            return ", ".join(self.value(item) for item in value) or self("not_set")
        return self.network(str(value))
