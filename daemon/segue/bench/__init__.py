"""How right the analysis is: estimates against files whose tempo and key are known."""
