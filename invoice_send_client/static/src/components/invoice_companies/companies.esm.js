import {user} from "@web/core/user";

/** @returns {Number[]} ids of the companies that the user has switched on */
export function getActiveIds() {
    return user.activeCompanies.map((company) => company.id);
}

/**
 * For what knows no switch of companies, such as the user's own messages.
 *
 * @returns {Object} the user's context with all his companies, the active ones first
 */
export function getContextOfAll() {
    const all = user.allowedCompanies.map((company) => company.id);
    return {
        ...user.context,
        allowed_company_ids: [...new Set([...getActiveIds(), ...all])],
    };
}

/**
 * Switch companies on before a window of theirs opens: as Odoo does where a record
 * asks for it, nothing is loaded again.
 *
 * @param {Number[]} companyIds those that the user may not have any more are left out
 */
export function switchOn(companyIds) {
    const activeIds = getActiveIds();
    const missing = companyIds.filter(
        (id) =>
            !activeIds.includes(id) &&
            user.allowedCompanies.some((company) => company.id === id)
    );
    if (missing.length) {
        user.activateCompanies([...activeIds, ...missing], {
            includeChildCompanies: false,
            reload: false,
        });
    }
}
