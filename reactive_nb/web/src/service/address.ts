/** Where the service is, told from where the page was served: any URL prefix will do. */

const page = new URL(".", document.baseURI);

/** The address of something the service has, such as `api/v1/notebooks`. */
export function address(path: string): string {
  return new URL(path, page).href;
}

/** The same for a WebSocket. */
export function socketAddress(path: string): string {
  return address(path).replace(/^http/, "ws");
}
