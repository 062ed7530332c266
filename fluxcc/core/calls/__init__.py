"""Live legs and calls, and which leg is the customer's and which the agent's."""
