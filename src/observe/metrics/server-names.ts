/** The label of metrics that there is one of for each server. */
export const SERVER_NAMES = 'name of a server that is known now, as in `mvproxy status`';
