"""What a form does; part of its anti-forgery token, so that a token of one form is void in another."""

SIGN_IN, CONSENT, SIGN_OUT = "sign-in", "consent", "sign-out"
DEVICE_CODE, DEVICE_ANSWER = "device-code", "device-answer"
