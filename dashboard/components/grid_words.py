"""The words that ag-grid itself shows, in the reader's language."""

from dashboard import i18n


def words() -> dict[str, str]:
    """By ag-grid's own keys (`localeText`)."""
    return {
        "noRowsToShow": i18n.text("None."),
        "page": i18n.text("Page"),
        "to": i18n.text("to"),
        "of": i18n.text("of"),
        "pageSizeSelectorLabel": i18n.text("Rows a page:"),
        "ariaPageSizeSelectorLabel": i18n.text("Rows a page"),
        "firstPage": i18n.text("First page"),
        "previousPage": i18n.text("Previous page"),
        "nextPage": i18n.text("Next page"),
        "lastPage": i18n.text("Last page"),
        "filterOoo": i18n.text("Filter…"),
        "equals": i18n.text("Equals"),
        "notEqual": i18n.text("Does not equal"),
        "lessThan": i18n.text("Less than"),
        "lessThanOrEqual": i18n.text("At most"),
        "greaterThan": i18n.text("More than"),
        "greaterThanOrEqual": i18n.text("At least"),
        "inRange": i18n.text("Between"),
        "inRangeStart": i18n.text("from"),
        "inRangeEnd": i18n.text("up to"),
        "contains": i18n.text("Contains"),
        "notContains": i18n.text("Does not contain"),
        "startsWith": i18n.text("Begins with"),
        "endsWith": i18n.text("Ends with"),
        "blank": i18n.text("Empty"),
        "notBlank": i18n.text("Not empty"),
        "andCondition": i18n.text("And"),
        "orCondition": i18n.text("Or"),
    }
