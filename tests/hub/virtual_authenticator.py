"""An authenticator of Chromium's own, for browser tests of passkeys."""

from playwright.sync_api import BrowserContext, Page


def with_authenticator(context: BrowserContext, page: Page) -> None:
    """Give a page of Chromium an authenticator that keeps passkeys and always finds its owner."""
    devices = context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
